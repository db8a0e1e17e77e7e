// Told apart with every common colour blindness, on Grafana's dark and on its light
// ground; a test measures it. Colour never speaks alone: mappings give the word too.
{
  blue: '#2B7BD1',
  amber: '#BD8D00',
  red: '#C62A35',
  grey: '#858590',
  teal: '#2A9D8F',
  purple: '#7A52B3',
  rose: '#C2679A',

  // By the first digit.
  codes: {
    '2': $.blue,
    '3': $.teal,
    '4': $.purple,
    '5': $.amber,
    '6': $.rose,
  },
  reasons: {
    timeout: $.red,
    dns: $.purple,
    refused: $.amber,
    unreachable: $.grey,
    connect: $.rose,
    tls: $.teal,
    protocol: '#8A6D3B',
    auth: $.blue,
    response: '#4C9A2A',
    internal: '#5B6BBF',
    elsewhere: '#B5651D',
    websocket: '#3F7F93',
  },
  traits: {
    software: $.blue,
    allow: $.purple,
    supported: $.teal,
    accept: $.grey,
    sdp: $.rose,
    tls: '#4C9A2A',
    key: $.amber,
    root: '#B5651D',
  },
  phases: { resolve: $.grey, connect: $.amber, tls: $.purple, websocket: $.teal, response: $.blue },
}
