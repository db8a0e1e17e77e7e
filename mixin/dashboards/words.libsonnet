// The words of siptrunk:problem as people read them, the worst first.
local colours = import 'colours.libsonnet';

// [word, text, colour]. Red is for what stops calls.
[
  ['down', 'Down', colours.red],
  ['registration_lost', 'Registration lost', colours.red],
  ['calls_failing', 'Calls fail', colours.red],
  ['calls_without_audio', 'No audio', colours.red],
  ['down_from_some_vantages', 'Down from here', colours.red],
  ['calls_open_too_long', 'Call open too long', colours.amber],
  ['calls_not_ended', 'Calls not ended', colours.amber],
  ['flapping', 'Flapping', colours.amber],
  ['error_budget_burn_fast', 'Burns its budget', colours.amber],
  ['partially_down', 'Partly down', colours.amber],
  ['degraded', 'Degraded', colours.amber],
  ['registration_lapsing', 'Registration lapses', colours.amber],
  ['state_unknown', 'Not known', colours.grey],
  ['peer_pings_stopped', 'Peer is silent', colours.amber],
  ['calls_fail_often', 'Calls fail often', colours.amber],
  ['call_quality_low', 'Calls sound bad', colours.amber],
  ['packet_loss', 'Loses packets', colours.amber],
  ['latency_high', 'Slow', colours.amber],
  ['error_codes_rising', 'More errors', colours.amber],
  ['latency_above_normal', 'Slower than usual', colours.amber],
  ['dns_failing', 'DNS fails', colours.amber],
  ['certificate_expiring', 'Certificate ends', colours.amber],
  ['own_certificate_expiring', 'Our certificate ends', colours.amber],
  ['own_certificate_unfit', 'Our certificate unfit', colours.amber],
  ['error_budget_burn_slow', 'Wears its budget', colours.amber],
  ['calls_held_back', 'Calls held back', colours.grey],
  ['addresses_changed', 'New addresses', colours.grey],
  ['peer_changed', 'Peer changed', colours.grey],
]
