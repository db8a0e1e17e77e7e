"""Authorities and certificates as a test wants them, good and bad, by OpenSSL."""

import os
import uuid

from peers import openssl, shared_folder, validity

CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"


class Made:
    """A certificate with its key, and who signed it."""

    def __init__(self, name, issuer=None, days=300, ca=False, san=None, eku=None, aia=False,
                 key="ec", digest="sha256", like=None):
        self.issuer = issuer
        stem = os.path.join(shared_folder(), uuid.uuid4().hex)
        self.cert, csr, ext = stem + ".pem", stem + ".csr", stem + ".ext"
        self.key = like.key if like else stem + ".key"
        if not like:
            kind = (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
                    if key == "ec" else
                    ["-algorithm", "ED25519"] if key == "ed25519" else
                    ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{key}"])
            openssl("genpkey", *kind, "-out", self.key)
        with open(ext, "w") as f:
            f.write(CA if ca else "basicConstraints=CA:FALSE\n")
            if san:
                f.write(f"subjectAltName={san}\n")
            if eku:
                f.write(f"extendedKeyUsage={eku}\n")
            if aia:
                f.write("authorityInfoAccess=caIssuers;URI:http://ca.example/ca.crt\n")
        openssl("req", "-new", "-key", self.key, "-out", csr, "-subj", f"/CN={name}")
        sign = (["-CA", issuer.cert, "-CAkey", issuer.key, "-CAcreateserial"] if issuer
                else ["-signkey", self.key])
        digested = [] if key == "ed25519" and not issuer else [f"-{digest}"]
        openssl("x509", "-req", "-in", csr, *sign, *digested, "-extfile", ext,
                *validity(days), "-out", self.cert)


def bundle(*certificates):
    """A PEM file of all of them, in order."""
    path = os.path.join(shared_folder(), uuid.uuid4().hex + ".bundle.pem")
    with open(path, "w") as out:
        for c in certificates:
            with open(c.cert) as f:
                out.write(f.read())
    return path


class Authorities:
    """An old and a new root, and what stands below them. Made once a class."""

    def __init__(self):
        self.old = Made("Old Root G1", ca=True, days=3000)
        self.new = Made("New Root G2", ca=True, days=3000)
        self.cross = Made("New Root G2", self.old, ca=True, days=-1, like=self.new)
        self.middle = Made("Middle", self.old, ca=True, days=2000)
        self.web = Made("Web Only", self.old, ca=True, days=2000, eku="serverAuth")
        self.short = Made("Short", self.old, ca=True, days=4)
        self.trust = bundle(self.old)
        self.trust_new = bundle(self.new)
        self.trust_both = bundle(self.old, self.new)

    def leaf(self, issuer=None, **more):
        more.setdefault("san", "DNS:sbc.test,IP:127.0.0.1")
        return Made("sbc.test", issuer or self.middle, **more)
