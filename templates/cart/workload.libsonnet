// A workload as we run every one: not as root, on a read-only file system,
// without a token for the API server.
{
  // What selects the pods of `name`.
  selector(app, name):: {
    'app.kubernetes.io/name': app,
    'app.kubernetes.io/component': name,
  },

  // A Deployment whose pods run `container` alone.
  deployment(app, name, container):: {
    local selector = $.selector(app, name),

    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: name, labels: selector },
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: selector },
        spec: {
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: name,
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            } + container,
          ],
        },
      },
    },
  },

  // A Service in front of every port of a Deployment.
  service(deployment):: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: deployment.metadata.name,
      labels: deployment.metadata.labels,
    },
    spec: {
      selector: deployment.spec.selector.matchLabels,
      ports: [
        { name: port.name, port: port.containerPort, targetPort: port.name }
        for container in deployment.spec.template.spec.containers
        for port in container.ports
      ],
    },
  },

  // Lets a drain take one pod of a Deployment at a time.
  disruptionBudget(deployment):: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: deployment.metadata.name,
      labels: deployment.metadata.labels,
    },
    spec: { maxUnavailable: 1, selector: deployment.spec.selector },
  },

  // To be added to a Deployment: its pods on different nodes.
  spread:: {
    local deployment = self,
    spec+: { template+: { spec+: {
      topologySpreadConstraints: [{
        topologyKey: 'kubernetes.io/hostname',
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: deployment.spec.selector,
      }],
    } } },
  },
}
