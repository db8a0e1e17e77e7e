// What can be wrong with a trunk, and how bad it is: the larger, the worse. The word is the
// alert's name without SipTrunk; the rank is the value of siptrunk:problem{problem="WORD"}.
{
  down: 100,
  registration_lost: 95,
  down_from_some_vantages: 90,
  flapping: 85,
  error_budget_burn_fast: 80,
  partially_down: 75,
  degraded: 70,
  registration_lapsing: 65,
  state_unknown: 60,
  peer_pings_stopped: 55,
  packet_loss: 50,
  latency_high: 45,
  error_codes_rising: 40,
  latency_above_normal: 35,
  dns_failing: 30,
  certificate_expiring: 25,
  own_certificate_expiring: 20,
  own_certificate_unfit: 15,
  error_budget_burn_slow: 10,
  addresses_changed: 5,
}
