{{/* What belongs to one release, in its namespace. */}}
{{- define "statefulapp-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.Release.Name | trunc 31 | trimSuffix "-") .Chart.Name -}}
{{- end -}}
{{- end -}}

{{/*
Cluster-wide objects. An operator of all namespaces has fixed names, so that a second one cannot be installed beside it:
both would work on the same apps. Operators of given namespaces have names of their own.
*/}}
{{- define "statefulapp-operator.clusterName" -}}
{{- if .Values.watchNamespaces -}}
{{- printf "statefulapp-operator.%s.%s" .Release.Namespace (include "statefulapp-operator.fullname" .) -}}
{{- else -}}
statefulapp-operator
{{- end -}}
{{- end -}}

{{/* In each watched namespace, fixed for the same reason. */}}
{{- define "statefulapp-operator.namespacedName" -}}
statefulapp-operator
{{- end -}}

{{- define "statefulapp-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "statefulapp-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "statefulapp-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "statefulapp-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false: name the account that the operator shall use." .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "statefulapp-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "statefulapp-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{- define "statefulapp-operator.image" -}}
{{- with .Values.image -}}
{{- $name := .repository -}}
{{- if .registry -}}{{- $name = printf "%s/%s" .registry .repository -}}{{- end -}}
{{- if .digest -}}
{{- printf "%s@%s" $name .digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The restricted level of Pod Security: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */}}
{{- define "statefulapp-operator.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "statefulapp-operator.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "statefulapp-operator.clusterRoleBinding" }}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "statefulapp-operator.clusterName" . }}
  labels:
    {{- include "statefulapp-operator.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "statefulapp-operator.clusterName" . }}
subjects:
  {{- include "statefulapp-operator.subjects" . | nindent 2 }}
{{- end -}}
