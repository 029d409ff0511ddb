{{/* What selects the pods. No version is in it, as it cannot be changed later. */}}
{{- define "coder-platformx.selector" -}}
app.kubernetes.io/name: coder-platformx
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Every object has the release's name: each kind is there once. */}}
{{- define "coder-platformx.metadata" -}}
name: {{ .Release.Name | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "coder-platformx.selector" . | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .Release.Service }}
  helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
