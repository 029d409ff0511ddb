/** Every name a log line can have, and what it tells an operator. The list is closed: alerts can rely on it. */
export const LOG_EVENTS = {
  starting: "the version and the mode in which the service starts",
  tracking: "which notifications are forwarded",
  sent_data: "what of a notification leaves the service",
  config_warning: "a setting that works, but perhaps not as meant",
  listening: "the address at which webhooks are taken",
  start_failed: "the address or OUTBOX cannot be used: the process ends",
  webhook: "what became of one webhook",
  turned_away: "webhooks that were turned away: the first of a reason at once, then a count once a minute",
  event: "the event made from a webhook (DEBUG; INFO in a dry run, with the address masked)",
  attempt: "one attempt to hand an event to PlatformX (DEBUG)",
  event_refused: "PlatformX will never take this event",
  person_missing: "a tracked notification came without a person; said once per name",
  passcode_dropped: "a password-reset code was sent here; said once",
  key_refused: "PlatformX does not accept the key; said once until it does",
  wrong_url: "something other than PlatformX answers at GETDX_API_URL; said once until PlatformX does",
  paused: "nothing is sent to PlatformX but a probe now and then; said once per pause",
  resumed: "PlatformX takes events again",
  key_reloaded: "the key's file has changed and was read again",
  outbox_opened: "what is in the outbox at the start",
  delivered: "an event of the outbox is with PlatformX",
  dead_letter: "an event of the outbox is not tried any more",
  outbox_unusable: "the store fails; said once per kind of fault",
  outbox_usable: "the store works again",
  record_unusable:
    "an event in the outbox cannot be read, or is a newer version's, and is left alone; said once",
  draining: "a shutdown began: work in progress may finish",
  stopped: "the service has ended",
  log_lines_lost: "lines of this log could not be written; said when they can be again",
  internal_error: "a fault of the service itself",
  listener_lost: "no connection can be taken any more: the process ends, to be started again",
} as const;

/** One of the names. */
export type LogEvent = keyof typeof LOG_EVENTS;
