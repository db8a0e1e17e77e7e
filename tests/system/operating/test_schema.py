"""The shipped schema is current, and agrees with the validator on every case in tests/data.
"""
import glob
import json
import os
import re
import subprocess
import unittest

import jsonschema

from harness import ROOT

# Refused by the validator, taken by the schema, and why JSON Schema cannot know.
BEYOND = {
    "duplicate keys": """duplicate_header duplicate_key duplicate_label duplicate_profile
        duplicate_section""",
    "one value against others": """buckets_falling calls_needs calls_off calls_websocket down_interval_short
        duplicate_name listen_tls listen_tls_key match_certificate port_twice preset_conflict
        profile_none profile_unknown timeout_defaults timeout_defaults_once timeout_equal
        timeout_interval timeout_profile websocket_path_twice tls_cert_alone tls_cert_profile tls_key_alone""",
    "what stands in files": "files_broken files_missing tls_file tls_folder",
    "a range inside a text": """duration_long duration_short t1_range""",
    "details of a URI": """uri_headers uri_ipv4_bad uri_ipv4_short uri_ipv6_bad
        uri_ipv6_bare uri_ipv6_open uri_ipv6_tail uri_label_bang uri_label_dash
        uri_label_empty uri_label_long uri_maddr uri_no_host_user uri_param_char
        uri_param_empty uri_param_value uri_params_many uri_password uri_port_empty
        uri_port_large uri_port_text uri_port_zero uri_sips_udp uri_transport_none
        uri_transport_sctp uri_transport_twice uri_two_at uri_user_char
        uri_user_empty uri_user_percent uri_zone_empty uri_zone_encoded uri_unspecified
        uri_unspecified_ipv6 uri_broadcast uri_multicast uri_multicast_ipv6 uri_mapped
        proxy_unspecified uri_websocket""",
    "where a placeholder may stand": "templates_bad",
    "text that Python's reader takes": "lone_surrogate long_number",
}
BEYOND_NAMES = {name for names in BEYOND.values() for name in names.split()}


def refuse_constant(text):
    raise ValueError(text)


def read(path):
    """The document, or None for what is not JSON."""
    try:
        with open(path, encoding="utf-8", newline="") as f:
            return json.loads(f.read(), parse_constant=refuse_constant)
    except ValueError:
        return None


def keys(part):
    """Of all objects below, with the choices that a preset has."""
    for value in part if isinstance(part, list) else []:
        yield from keys(value)
    for name, value in part.items() if isinstance(part, dict) else []:
        yield from keys(value)
        if name == "properties":
            yield from value
        if name == "preset":
            yield from value.get("enum", [])


class Schema(unittest.TestCase):
    def setUp(self):
        self.printed = subprocess.run(
            [os.environ["SIPTRUNK_EXPORTER"], "--config.schema"], check=True,
            capture_output=True).stdout
        self.schema = json.loads(self.printed)
        jsonschema.Draft202012Validator.check_schema(self.schema)
        self.validator = jsonschema.Draft202012Validator(self.schema)

    def test_the_manual_names_every_setting_and_preset(self):
        with open(os.path.join(ROOT, "man", "siptrunk_exporter.json.5")) as f:
            words = set(re.findall(r"[\w$]+", f.read()))
        named = set(keys(self.schema))
        self.assertLessEqual({"preset", "teams", "itsp", "watch"}, named)
        self.assertEqual(named - words, set())

    def test_shipped_one_is_current(self):
        with open(os.path.join(ROOT, "docs", "siptrunk_exporter.schema.json"), "rb") as f:
            self.assertEqual(self.printed, f.read())

    def test_takes_what_the_validator_takes(self):
        good = glob.glob(os.path.join(ROOT, "tests/data/good/*.json"))
        self.assertTrue(good)
        for path in sorted(good):
            errors = [f"{e.json_path}: {e.message[:200]}"
                      for e in self.validator.iter_errors(read(path))]
            self.assertEqual(errors, [], path)

    def test_refuses_what_the_validator_refuses(self):
        seen = set()
        for path in sorted(glob.glob(os.path.join(ROOT, "tests/data/bad/*.json"))):
            name = os.path.basename(path)[: -len(".json")]
            document = read(path)
            seen.add(name)
            refused = document is None or not self.validator.is_valid(document)
            self.assertEqual(refused, name not in BEYOND_NAMES, path)
        self.assertEqual(BEYOND_NAMES - seen, set(), "listed, and no such file")

    def test_trunk_files(self):
        files = jsonschema.Draft202012Validator(
            {**self.schema, "$ref": "#/$defs/trunk_file", "properties": {},
             "anyOf": [{}], "additionalProperties": True})
        found = glob.glob(os.path.join(ROOT, "tests/data/good/trunks.d/*.json"))
        self.assertTrue(found)
        for path in found:
            self.assertTrue(files.is_valid(read(path)), path)
