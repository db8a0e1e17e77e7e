"""The shipped schema is current, and agrees with the validator on every case in tests/data.

Arguments: the program that prints the schema, the source folder.
"""
import glob
import json
import os
import subprocess
import sys

import jsonschema

# Refused by the validator, taken by the schema, and why JSON Schema cannot know.
BEYOND = {
    "duplicate keys": """duplicate_header duplicate_key duplicate_label duplicate_profile
        duplicate_section""",
    "one value against others": """buckets_falling down_interval_short duplicate_name
        listen_tls listen_tls_key profile_none profile_unknown timeout_defaults
        timeout_equal timeout_interval timeout_profile tls_cert_alone tls_cert_profile
        tls_key_alone""",
    "what stands in files": "files_broken files_missing tls_file tls_folder",
    "a range inside a text": """duration_long duration_short t1_range""",
    "details of a URI": """uri_headers uri_ipv4_bad uri_ipv4_short uri_ipv6_bad
        uri_ipv6_bare uri_ipv6_open uri_ipv6_tail uri_label_bang uri_label_dash
        uri_label_empty uri_label_long uri_maddr uri_no_host_user uri_param_char
        uri_param_empty uri_param_value uri_params_many uri_password uri_port_empty
        uri_port_large uri_port_text uri_port_zero uri_sips_udp uri_transport_none
        uri_transport_sctp uri_transport_twice uri_transport_ws uri_two_at uri_user_char
        uri_user_empty uri_user_percent uri_zone_empty uri_zone_encoded""",
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


def main():
    printed = subprocess.run([sys.argv[1]], check=True, capture_output=True).stdout
    root = sys.argv[2]
    with open(os.path.join(root, "docs", "siptrunk_exporter.schema.json"), "rb") as f:
        shipped = f.read()
    faults = []
    if printed != shipped:
        faults.append("docs/siptrunk_exporter.schema.json is not what the tables print")
    schema = json.loads(printed)
    checker = jsonschema.Draft202012Validator
    checker.check_schema(schema)
    validator = checker(schema)
    seen = set()
    for path in sorted(glob.glob(os.path.join(root, "tests/data/good/*.json"))):
        for error in validator.iter_errors(read(path)):
            faults.append(f"{path}: {error.json_path}: {error.message[:200]}")
    for path in sorted(glob.glob(os.path.join(root, "tests/data/bad/*.json"))):
        name = os.path.basename(path)[: -len(".json")]
        document = read(path)
        seen.add(name)
        refused = document is None or not validator.is_valid(document)
        if refused == (name in BEYOND_NAMES):
            faults.append(f"{path}: {'refused' if refused else 'taken'} by the schema")
    files = checker({**schema, "$ref": "#/$defs/trunk_file", "properties": {},
                     "anyOf": [{}], "additionalProperties": True})
    for path in glob.glob(os.path.join(root, "tests/data/good/trunks.d/*.json")):
        if not files.is_valid(read(path)):
            faults.append(f"{path}: refused as a trunk file")
    for name in sorted(BEYOND_NAMES - seen):
        faults.append(f"{name} is listed and has no file")
    print("\n".join(faults) or f"agreed on {len(seen)} bad files")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
