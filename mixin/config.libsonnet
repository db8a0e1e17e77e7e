// Everything that people may want to change. Yours goes into a file of your own:
//
//   (import 'mixin.libsonnet') { _config+:: { latencySeconds: 0.3 } }
{
  prometheusRules+:: { groups: [] },
  prometheusAlerts+:: { groups: [] },
  grafanaDashboards+:: {},

  _config+:: {
    // Which series are ours: matchers, joined by commas, that every selector gets from
    // scripts/mixin. Empty:
    // all siptrunk_… series of this Prometheus.
    siptrunkSelector: '',

    // Labels of trunks that say whose they are and where.
    carrierLabel: 'carrier',
    siteLabel: 'site',

    // Base addresses, each with a slash at its end. The default names are reserved ones that
    // lead nowhere.
    runbooksUrl: 'https://runbooks.example/',
    grafanaUrl: 'https://grafana.example/',
    // The exporter that saw it, as Prometheus reaches it. A template of Prometheus.
    exporterUrl: 'http://{{ $labels.instance }}/',

    // Times in mails: the time zone of the host that Prometheus runs on (or its TZ), else UTC.
    localTime: true,

    // T1 of RFC 3261: a slower answer over UDP means that every request is sent twice.
    latencySeconds: 0.5,
    // Slower than its own last week: so many times, and so much more than, nine tenths of it.
    latencyFactor: 1.5,
    latencyFloorSeconds: 0.02,
    // Share of requests sent that nothing came back for, and how many at least.
    lossRatio: 0.05,
    lossPackets: 5,
    // By how much the share of 4xx, 5xx and 6xx may exceed the trunk's own last day.
    errorShareRise: 0.25,
    // State changes in half an hour; six are three falls and three recoveries.
    flaps: 6,
    certificateNoticeDays: 30,
    certificateWarningDays: 7,
    certificateCriticalDays: 1,
    // A peer is silent after so many of its usual intervals, but never before so many seconds.
    inboundMissed: 5,
    inboundSilenceSeconds: 300,
    scheduleLagSeconds: 1,
    // So many calls that fail, or sound bad, one after the other. And that share of six hours'
    // calls that fail, and how many at least.
    callsFailed: 2,
    callsFailedRatio: 0.2,
    callsFailedOften: 3,
    // Below it many people are dissatisfied (G.107 Annex B: R 70).
    callMos: 3.6,
    // 99.9 % is 43 minutes in 30 days.
    availabilityObjective: 0.999,
    // How often the rules of availability look at each minute: every so many seconds, which
    // must not be more than the scrape interval, and divide 60.
    availabilityStepSeconds: 10,

    // How often it is decided who is down, how often why, and how often what is said of trunks
    // is written anew.
    stateSeconds: 15,
    whySeconds: 30,
    trunkAlertsSeconds: 30,

    // Dashboards. Identities are the prefix and a name: siptrunk-fleet, siptrunk-trunk, …
    dashboardUidPrefix: 'siptrunk-',
    dashboardTags: ['siptrunk', 'sip'],
    dashboardRefresh: '30s',
    // What they show when they are opened, and in whose time.
    dashboardFrom: 'now-6h',
    dashboardTimezone: 'browser',
    // The Prometheus they start with, by name or identity; empty: Grafana's default one. The
    // switches for it, for the job, and on the fleet's dashboard for trunks and for any other
    // label are hidden unless wanted: one row has no room for them.
    dashboardDatasource: '',
    dashboardShowDatasource: false,
    dashboardShowJob: false,
    dashboardShowTrunk: false,
    dashboardShowLabels: false,
  },
}
