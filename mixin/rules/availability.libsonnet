// What a month's availability is made of.
{
  prometheusRules+:: { groups+: [] },
}
