// Why probes fail, in the words of mails, and what to do about it. What the exporter says
// itself, on one line, begins and ends with the same words (siptrunk_exporter
// --list-reasons), but for calls.
[
  {
    reason: 'timeout',
    cause: 'no answer',
    advice: 'see where packets are lost (a trace tells), and ask the peer whether it knows our address',
  },
  {
    reason: 'dns',
    cause: 'its name does not resolve',
    advice: 'check the name, and its records at the resolver that the exporter uses',
  },
  {
    reason: 'refused',
    cause: 'port closed',
    advice: "check the port, and whether the peer's SIP service runs",
  },
  {
    reason: 'unreachable',
    cause: 'unreachable',
    advice: "check the route and the firewalls between, and whether the peer's machine is on",
  },
  {
    reason: 'connect',
    cause: 'no connection',
    advice: 'check that the peer takes TCP on this port from our address',
  },
  {
    reason: 'tls',
    cause: 'TLS fails',
    advice: "look at the certificates of both ends: the trunk's page says which and why",
  },
  {
    reason: 'protocol',
    cause: 'answers are not SIP',
    advice: 'check the port and the transport: something else answers',
  },
  {
    reason: 'auth',
    cause: 'credentials refused',
    advice: "check user name, password and realm with the peer's operator",
  },
  {
    reason: 'response',
    cause: 'answers with errors',
    advice: "ask the peer's operator about this code, with a Call-ID",
  },
  {
    reason: 'internal',
    cause: 'probe fails',
    advice: "look at the exporter's machine and log: this says nothing about the peer",
  },
  {
    reason: 'elsewhere',
    cause: 'answers come from another address',
    advice: 'have the peer answer from where it is asked, or set answers_from',
  },
  {
    reason: 'websocket',
    cause: 'WebSocket fails',
    advice: 'check the path, the Origin and the proxy before the peer, which answered in HTTP',
  },
  {
    reason: 'calls',
    cause: 'calls fail',
    advice: "look at the call's ladder on the trunk's page",
  },
]
