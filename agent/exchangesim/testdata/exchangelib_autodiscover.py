"""A client nobody here wrote, asking the simulated Exchange's Autodiscover service.

usage: exchangelib_autodiscover.py URL CAFILE
URL is that of autodiscover.svc. Ends with the word "passed".
"""
import sys

from exchangelib import NTLM, Configuration, Credentials, Build, Version
from exchangelib.autodiscover.protocol import AutodiscoverProtocol
from exchangelib.properties import UserResponse
from exchangelib.protocol import BaseProtocol
import requests.adapters

url, ca = sys.argv[1:3]


class OwnRoot(requests.adapters.HTTPAdapter):
    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=ca, cert=cert)


BaseProtocol.HTTP_ADAPTER_CLS = OwnRoot

protocol = AutodiscoverProtocol(config=Configuration(
    service_endpoint=url, credentials=Credentials("LAB\\anna", "secret1"), auth_type=NTLM, version=Version(Build(15, 1, 2507, 6))))

found = protocol.get_user_settings(user="anna@lab.test")
found.raise_errors()
assert found.ews_url == "https://mail.lab.test/EWS/Exchange.asmx", found.ews_url
assert found.autodiscover_smtp_address == "anna@lab.test", found.autodiscover_smtp_address
assert "Exchange2013_SP1" in found.user_settings["ews_supported_schemas"], found.user_settings

moved = protocol.get_user_settings(user="moved@lab.test")
assert moved.redirect_address == "anna@lab.test", moved

sent = protocol.get_user_settings(user="sent@lab.test")
assert sent.redirect_url == "https://other.lab.test/autodiscover/autodiscover.svc", sent

try:
    protocol.get_user_settings(user="nobody@lab.test").raise_errors()
except Exception as e:
    assert "nobody@lab.test" in str(e) or "Invalid" in type(e).__name__, repr(e)
else:
    raise AssertionError("nobody has settings")

print("passed")
