// The shop's cart: a gRPC service, and the Redis that it keeps carts in.
local workload = import 'workload.libsonnet';

local dotnetLogLevels = {
  debug: 'Debug',
  info: 'Information',
  warn: 'Warning',
  'error': 'Error',
};

function(rungs) {
  local values = rungs.values,
  local highlyAvailable = std.get(values, 'highlyAvailable', false),

  redis: {
    deployment: workload.deployment(rungs.app, 'redis-cart', {
      image: rungs.images.redis.ref,
      args: ['redis-server', '--dir', '/data'],
      ports: [{ name: 'redis', containerPort: 6379 }],
      readinessProbe: { tcpSocket: { port: 'redis' } },
      resources: {
        requests: { cpu: '50m', memory: '64Mi' },
        limits: { memory: '128Mi' },
      },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }) + {
      spec+: {
        // Two at once would share the carts out between them.
        strategy: { type: 'Recreate' },
        template+: { spec+: { volumes: [{ name: 'data', emptyDir: {} }] } },
      },
    },
    service: workload.service(self.deployment),
  },

  cart: {
    deployment: workload.deployment(rungs.app, 'cart', {
      image: rungs.images.cart.ref,
      ports: [{ name: 'grpc', containerPort: 7070 }],
      env: [
        { name: 'REDIS_ADDR', value: 'redis-cart:6379' },
        { name: 'Logging__LogLevel__Default', value: dotnetLogLevels[values.logLevel] },
      ],
      readinessProbe: { grpc: { port: 7070 } },
      livenessProbe: { grpc: { port: 7070 }, periodSeconds: 20 },
      resources: values.resources,
    }) + {
      spec+: { replicas: values.replicas },
    } + (if highlyAvailable then workload.spread else {}),
    service: workload.service(self.deployment),
    [if highlyAvailable then 'disruptionBudget']: workload.disruptionBudget(self.deployment),
  },
}
