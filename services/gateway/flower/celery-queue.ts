// A queue that a worker takes from, as Celery's workers show it: kombu's `Queue.as_dict(recurse=True)`. Here a task goes
// straight to the queue of its name, which is what a direct exchange of that name does there. Pure.

export function celeryQueue(name: string): object {
  return {
    name,
    exchange: {
      name,
      type: "direct",
      arguments: null,
      durable: true,
      passive: false,
      auto_delete: false,
      delivery_mode: "persistent",
      no_declare: false,
    },
    routing_key: name,
    queue_arguments: null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: true,
    exclusive: false,
    auto_delete: false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: null,
  };
}
