package main

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// podState is how a generated pod fares.
type podState int

const (
	podRuns podState = iota
	podCrashes
	podPulls
	podUnscheduled
)

func stateOf(random *rand.Rand) podState {
	switch n := random.IntN(100); {
	case n < 94:
		return podRuns
	case n < 97:
		return podCrashes
	case n < 99:
		return podPulls
	default:
		return podUnscheduled
	}
}

func podName(a app, i int) string {
	return fmt.Sprintf("%s-%s-%s", a.name, a.hash, suffix(randomOf("pod-name", i), 5))
}

// pod makes pod number i: replica i/fleetApps of app i%fleetApps.
func (f fleet) pod(i int) *corev1.Pod {
	a, random := appOf(i%fleetApps), randomOf("pod", i)
	state, created := stateOf(random), before(hours(random, 24*60))
	node := random.IntN(max(f.nodes, 1))
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: podName(a, i), GenerateName: a.name + "-" + a.hash + "-", Namespace: a.namespace,
			UID: uid("pod", i), Generation: 1, CreationTimestamp: created,
			Labels: a.podLabels(),
			Annotations: map[string]string{
				"kubectl.kubernetes.io/restartedAt": created.UTC().Format("2006-01-02T15:04:05Z"),
				"prometheus.io/scrape":              "true", "prometheus.io/port": "9090",
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: a.name + "-" + a.hash, UID: uid("replicaset", a.index),
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Spec: a.podSpec(),
	}
	p.Spec.NodeName = nodeName(node)
	p.Spec.Tolerations = append(p.Spec.Tolerations, notReadyTolerations()...)
	tokenVolume(&p.Spec, random)
	if state == podUnscheduled {
		// Another scheduler's pod: the cluster's own leaves it alone.
		p.Spec.NodeName, p.Spec.SchedulerName = "", "reserved-capacity"
	}
	p.Status = podStatus(p, state, i, node, random)
	p.ManagedFields = podManagedFields(p)
	return p
}

// podSpec is the template of the app, which its pods share with its ReplicaSet and Deployment.
func (a app) podSpec() corev1.PodSpec {
	random := randomOf("app-spec", a.index)
	port := int32(8000 + random.IntN(900))
	probe := func(path string, period int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:        corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http"), Scheme: corev1.URISchemeHTTP}},
			InitialDelaySeconds: 5, TimeoutSeconds: 1, PeriodSeconds: period, SuccessThreshold: 1, FailureThreshold: 3,
		}
	}
	main := corev1.Container{
		Name: a.name, Image: a.image,
		Args:  []string{"--listen=:" + fmt.Sprint(port), "--log-format=json", "--shutdown-grace=20s"},
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: port, Protocol: corev1.ProtocolTCP}, {Name: "metrics", ContainerPort: 9090, Protocol: corev1.ProtocolTCP}},
		Env: []corev1.EnvVar{
			fieldEnv("POD_NAME", "metadata.name"), fieldEnv("POD_NAMESPACE", "metadata.namespace"), fieldEnv("POD_IP", "status.podIP"),
			{Name: "SERVICE_NAME", Value: a.name}, {Name: "TEAM", Value: a.team}, {Name: "LOG_LEVEL", Value: "info"},
			{Name: "DATABASE_URL", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: a.name + "-database"}, Key: "url"}}},
			{Name: "FEATURES", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: a.name + "-settings"}, Key: "features"}}},
		},
		Resources:     resources(random, "250m", "256Mi", "512Mi"),
		VolumeMounts:  []corev1.VolumeMount{{Name: "settings", MountPath: "/etc/" + a.name, ReadOnly: true}, {Name: "scratch", MountPath: "/tmp"}},
		LivenessProbe: probe("/healthz", 10), ReadinessProbe: probe("/readyz", 5), StartupProbe: probe("/healthz", 2),
		TerminationMessagePath: "/dev/termination-log", TerminationMessagePolicy: corev1.TerminationMessageReadFile, ImagePullPolicy: corev1.PullIfNotPresent,
		SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
	}
	side := corev1.Container{
		Name: "log-shipper", Image: "images.invalid/platform/log-shipper:3.2.1", Args: []string{"--from=/tmp/log", "--to=collector.observability.svc:5170"},
		Env:                    []corev1.EnvVar{fieldEnv("POD_NAME", "metadata.name"), {Name: "BUFFER_BYTES", Value: "1048576"}},
		Resources:              resources(random, "50m", "64Mi", "128Mi"),
		VolumeMounts:           []corev1.VolumeMount{{Name: "scratch", MountPath: "/tmp"}},
		TerminationMessagePath: "/dev/termination-log", TerminationMessagePolicy: corev1.TerminationMessageReadFile, ImagePullPolicy: corev1.PullIfNotPresent,
	}
	settings := corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: a.name + "-settings"}, DefaultMode: ptr.To[int32](420)}
	return corev1.PodSpec{
		Volumes: []corev1.Volume{
			{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &settings}},
			{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr.To(resource.MustParse("1Gi"))}}},
		},
		Containers: []corev1.Container{main, side}, RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst,
		// Zero, so that deleting a fake pod needs no kubelet to confirm it.
		TerminationGracePeriodSeconds: ptr.To[int64](0), ServiceAccountName: "default", DeprecatedServiceAccount: "default",
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](65532), FSGroup: ptr.To[int64](65532)},
		SchedulerName:   corev1.DefaultSchedulerName,
		Tolerations:     []corev1.Toleration{{Key: simulatedLabel, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
		NodeSelector:    map[string]string{simulatedLabel: "true"},
	}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}}
}

func resources(random *rand.Rand, cpu, memory, limit string) corev1.ResourceRequirements {
	processor := resource.MustParse(cpu)
	processor.SetMilli(processor.MilliValue() / int64(1+random.IntN(4)))
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: processor, corev1.ResourceMemory: resource.MustParse(memory)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limit)},
	}
}

// notReadyTolerations are those that admission gives every pod.
func notReadyTolerations() []corev1.Toleration {
	var all []corev1.Toleration
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		all = append(all, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](300)})
	}
	return all
}

// tokenVolume adds the service account token as admission does.
func tokenVolume(spec *corev1.PodSpec, random *rand.Rand) {
	name := "kube-api-access-" + suffix(random, 5)
	spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: ptr.To[int32](420),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: ptr.To[int64](3607), Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}},
		},
	}}})
	for i := range spec.Containers {
		mount := corev1.VolumeMount{Name: name, ReadOnly: true, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}
		spec.Containers[i].VolumeMounts = append(spec.Containers[i].VolumeMounts, mount)
	}
}
