{{/* The pod, as in deploy/kubernetes/statefulset.yaml and deploy/kubernetes_postgres/deployment.yaml: the reasons are there. */}}
{{- define "coder-platformx.pod" -}}
{{- include "coder-platformx.rules" . | trim -}}
metadata:
  labels:
    {{- include "coder-platformx.selector" . | nindent 4 }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- if ne .Values.outbox "volume" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "coder-platformx.selector" . | nindent 10 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    {{- if eq .Values.outbox "volume" }}
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
    seccompProfile: { type: RuntimeDefault }
  containers:
    - name: coder-platformx
      image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
      imagePullPolicy: IfNotPresent
      env:
        {{- if eq .Values.outbox "volume" }}
        - { name: OUTBOX, value: /data/outbox.db }
        {{- else if eq .Values.outbox "postgres" }}
        - { name: OUTBOX_FILE, value: /etc/coder-platformx/outbox }
        {{- end }}
        - { name: GETDX_API_KEY_FILE, value: /etc/coder-platformx/getdx-api-key }
        - { name: WEBHOOK_SECRET_FILE, value: /etc/coder-platformx/webhook-secret }
        - { name: READ_SECRET_FILE, value: /etc/coder-platformx/read-secret }
        {{- range $name, $value := .Values.env }}
        - { name: {{ $name }}, value: {{ $value | toJson }} }
        {{- end }}
      ports:
        - { name: http, containerPort: 8080, protocol: TCP }
      startupProbe:
        httpGet: { path: /, port: http }
        periodSeconds: 1
        timeoutSeconds: 3
        failureThreshold: 60
      readinessProbe:
        httpGet: { path: /, port: http }
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      livenessProbe:
        httpGet: { path: /, port: http }
        periodSeconds: 20
        timeoutSeconds: 5
        failureThreshold: 3
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        {{- if eq .Values.outbox "volume" }}
        - { name: data, mountPath: /data }
        {{- end }}
        - { name: secrets, mountPath: /etc/coder-platformx, readOnly: true }
  volumes:
    - name: secrets
      secret:
        secretName: {{ .Values.existingSecret | quote }}
        defaultMode: 288
{{- end }}
