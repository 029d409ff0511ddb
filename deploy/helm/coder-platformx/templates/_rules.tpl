{{/* What the schema cannot say in a sentence: all problems at once. */}}
{{- define "coder-platformx.rules" -}}
{{- $problems := list }}
{{- if not .Values.image.repository }}
  {{- $problems = append $problems "image.repository must be set to where the image is, such as ghcr.io/your-organisation/coder-platformx" }}
{{- end }}
{{- if not .Values.existingSecret }}
  {{- $keys := ternary "getdx-api-key, webhook-secret, read-secret and outbox" "getdx-api-key, webhook-secret and read-secret" (eq .Values.outbox "postgres") }}
  {{- $problems = append $problems (printf "existingSecret must be set to the name of a Secret in the namespace %s with the keys %s: make it first" .Release.Namespace $keys) }}
{{- end }}
{{- if and (gt (int .Values.replicas) 1) (ne .Values.outbox "postgres") }}
  {{- $problems = append $problems (printf "replicas must be 1 with outbox=%s, as pods would not know of each other's events: for several set outbox=postgres; current value is %d" .Values.outbox (int .Values.replicas)) }}
{{- end }}
{{- $secret := list "GETDX_API_KEY" "WEBHOOK_SECRET" "WEBHOOK_SECRET_PREVIOUS" "READ_SECRET" "CODER_SESSION_TOKEN" "DATABASE_URL" }}
{{- $own := list "OUTBOX" "OUTBOX_FILE" "GETDX_API_KEY_FILE" "WEBHOOK_SECRET_FILE" "READ_SECRET_FILE" "HOST" "PORT" "TLS_CERT_FILE" "TLS_KEY_FILE" }}
{{- range $name := keys .Values.env | sortAlpha }}
  {{- if has $name $secret }}
    {{- $problems = append $problems (printf "env must not hold a secret: put %s into the Secret of existingSecret" $name) }}
  {{- else if has $name $own }}
    {{- $problems = append $problems (printf "env must not hold %s: it belongs to the chart, whose probes and mounts go by it" $name) }}
  {{- end }}
{{- end }}
{{- with $problems }}
  {{- fail (printf "\n- %s" (join "\n- " .)) }}
{{- end }}
{{- end }}
