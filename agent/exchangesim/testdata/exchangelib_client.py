"""A client nobody here wrote, run against the simulated Exchange.

usage: exchangelib_client.py URL ntlm|basic CAFILE
Logs in as LAB\\anna and anna@lab.test and does what the agent does, and more.
Every surprise is an AssertionError. Ends with the word "passed".
"""
import datetime
from decimal import Decimal
import sys
import threading
import http.server

from exchangelib import (DELEGATE, BASIC, NTLM, Account, CalendarItem, Configuration, Credentials, EWSDateTime,
                         EWSDate, ExtendedProperty, EWSTimeZone, HTMLBody, Task, Build, Version)
from exchangelib.errors import ErrorItemNotFound, UnauthorizedError
from exchangelib.items import MeetingRequest, SEND_TO_NONE, MOVE_TO_DELETED_ITEMS, HARD_DELETE, SOFT_DELETE
from exchangelib.protocol import BaseProtocol
from exchangelib.recurrence import Recurrence, WeeklyPattern
from exchangelib.fields import MONDAY, WEDNESDAY
from exchangelib.services import SendNotification
from exchangelib.properties import (CreatedEvent, ModifiedEvent, MovedEvent, DeletedEvent, StatusEvent)
import requests.adapters
# NTLM needs MD4, which OpenSSL 3 keeps in its legacy provider. This loads it; without
# it NTLM works only where some other module has done so.
import cryptography.hazmat.backends.openssl.backend  # noqa: F401

url, mode, ca = sys.argv[1:4]


class OwnRoot(requests.adapters.HTTPAdapter):
    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=ca, cert=cert)


if ca != "-":
    BaseProtocol.HTTP_ADAPTER_CLS = OwnRoot


class AbgleichId(ExtendedProperty):
    property_set_id = "2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10"
    property_name = "AbgleichId"
    property_type = "String"


class CleanGlobalObjectId(ExtendedProperty):
    property_set_id = "6ed8da90-450b-101b-98da-00aa003f1305"
    property_id = 0x23
    property_type = "Binary"


CalendarItem.register("abgleich_id", AbgleichId)
CalendarItem.register("clean_id", CleanGlobalObjectId)
Task.register("abgleich_id", AbgleichId)


def account(user, password="secret1"):
    config = Configuration(service_endpoint=url, credentials=Credentials(user, password),
                           auth_type={"ntlm": NTLM, "basic": BASIC}[mode], version=Version(Build(15, 1, 2507, 6)))
    return Account("anna@lab.test", config=config, autodiscover=False, access_type=DELEGATE,
                   default_timezone=EWSTimeZone("Europe/Vienna"))


a = account("LAB\\anna")
tz = a.default_timezone
b = account("anna@lab.test")
assert b.calendar.total_count == 0
try:
    account("LAB\\anna", "wrong").calendar.refresh()
    raise AssertionError("a wrong password was accepted")
except UnauthorizedError:
    pass

# Folders.
names = {f.name for f in a.msg_folder_root.walk()} if hasattr(a, "msg_folder_root") else {f.name for f in a.root.walk()}
assert {"Calendar", "Tasks", "Deleted Items"} <= names, names
list(a.root.sync_hierarchy())

# Create, one by one and in bulk.
start = EWSDateTime(2026, 11, 23, 9, 30, tzinfo=tz)
one = CalendarItem(account=a, folder=a.calendar, subject="Böhm & <Söhne> – 会議", body="first\nsecond",
                   location="Raum 1", start=start, end=start + datetime.timedelta(hours=1), categories=["Kunde", "A&B"],
                   abgleich_id="inst/anna/1", sensitivity="Private", importance="High",
                   legacy_free_busy_status="Tentative", reminder_is_set=True, reminder_minutes_before_start=30)
one.save(send_meeting_invitations=SEND_TO_NONE)
assert one.id and one.changekey
many = a.bulk_create(folder=a.calendar, send_meeting_invitations=SEND_TO_NONE, items=[
    CalendarItem(subject=f"bulk {i:03}", start=start + datetime.timedelta(days=i),
                 end=start + datetime.timedelta(days=i, minutes=45), abgleich_id=f"inst/anna/b{i}") for i in range(120)])
assert len(many) == 120 and all(not isinstance(x, Exception) for x in many)

# Read.
got = a.calendar.get(subject="Böhm & <Söhne> – 会議")
assert (got.location, got.start, got.end) == ("Raum 1", start, start + datetime.timedelta(hours=1)), got
assert got.body.strip() == "first\nsecond", repr(got.body)
assert got.text_body.strip() == "first\nsecond"
assert set(got.categories) == {"Kunde", "A&B"} and got.sensitivity == "Private" and got.importance == "High"
assert got.legacy_free_busy_status == "Tentative" and got.reminder_minutes_before_start == 30
assert got.abgleich_id == "inst/anna/1" and got.uid and got.clean_id[:4] == b"\x04\0\0\0"
assert got.organizer.email_address == "anna@lab.test" and got.type == "Single"
assert got._start_timezone.ms_id == "W. Europe Standard Time", got._start_timezone

# Find.
assert a.calendar.all().count() == 121
assert [x.subject for x in a.calendar.filter(abgleich_id="inst/anna/b7").only("subject")] == ["bulk 007"]
assert a.calendar.filter(start__gte=start + datetime.timedelta(days=100)).count() == 20
assert a.calendar.filter(subject__startswith="bulk 01").count() == 10
assert a.calendar.filter(abgleich_id__exists=True).count() == 121
assert a.calendar.filter(subject__contains="007").exists()
assert not a.calendar.filter(categories__contains="Nobody").exists()
assert a.calendar.filter(categories__contains="Kunde").exists()
order = [x.subject for x in a.calendar.all().order_by("-start").only("subject", "start")[:3]]
assert order == ["bulk 119", "bulk 118", "bulk 117"], order
view = a.calendar.view(start=start, end=start + datetime.timedelta(days=2))
assert len(list(view)) == 3, list(view)

# Sync.
changes = list(a.calendar.sync_items(max_changes_returned=50))
assert len(changes) == 121 and all(c == "create" for c, _ in changes)
assert list(a.calendar.sync_items()) == []

# Update.
key = got.changekey
got.subject = "Neu"
got.body = HTMLBody("<html><body><p>Hallo <b>Welt</b></p></body></html>")
got.location = None
got.save(update_fields=["subject", "body", "location"], send_meeting_invitations=SEND_TO_NONE)
assert got.changekey != key
again = a.calendar.get(id=got.id)
assert again.subject == "Neu" and again.location is None and "<b>Welt</b>" in again.body and again.text_body == "Hallo Welt"
kinds = [(c, x.id) for c, x in a.calendar.sync_items()]
assert kinds == [("update", got.id)], kinds

# All-day and series.
day = CalendarItem(account=a, folder=a.calendar, subject="Urlaub", start=EWSDate(2026, 12, 24), end=EWSDate(2026, 12, 26), is_all_day=True)
day.save(send_meeting_invitations=SEND_TO_NONE)
read = a.calendar.get(id=day.id)
assert read.is_all_day and read.start == EWSDate(2026, 12, 24) and read.end == EWSDate(2026, 12, 26), (read.start, read.end)
series = CalendarItem(account=a, folder=a.calendar, subject="Serie", start=start, end=start + datetime.timedelta(hours=1),
                      recurrence=Recurrence(pattern=WeeklyPattern(interval=2, weekdays=[MONDAY, WEDNESDAY]), start=start.date(), number=7))
series.save(send_meeting_invitations=SEND_TO_NONE)
read = a.calendar.get(id=series.id)
assert read.type == "RecurringMaster" and read.recurrence.boundary.number == 7 and read.recurrence.pattern.interval == 2

# Occurrences: 23, 25 November, 7, 9, 21, 23 December, 4 January.
from exchangelib.errors import ErrorCalendarOccurrenceIsDeletedFromRecurrence, ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange, ErrorOccurrenceCrossingBoundary
far = start + datetime.timedelta(days=60)
mine = [x for x in a.calendar.view(start=start - datetime.timedelta(days=1), end=far) if x.subject == "Serie"]
assert [x.start.date().isoformat() for x in mine] == ["2026-11-23", "2026-11-25", "2026-12-07", "2026-12-09", "2026-12-21", "2026-12-23", "2027-01-04"], mine
assert all(x.type == "Occurrence" and x.is_recurring for x in mine)
list(a.calendar.sync_items())
second = read.occurrence(index=2)
second.refresh()
assert second.start == start + datetime.timedelta(days=2) and second.recurring_master() is not None
up = second.recurring_master()
up.refresh()
assert up.id == read.id, up
second.subject = "Ausnahme"
second.start += datetime.timedelta(hours=3)
second.end += datetime.timedelta(hours=3)
second.save(update_fields=["subject", "start", "end"], send_meeting_invitations=SEND_TO_NONE)
third = read.occurrence(index=3)
third.refresh()
third.delete(send_meeting_cancellations=SEND_TO_NONE)
assert [(c, x.id) for c, x in a.calendar.sync_items()] == [("update", read.id)]
read.refresh()
assert [(x.start, x.original_start) for x in read.modified_occurrences] == [(start + datetime.timedelta(days=2, hours=3), start + datetime.timedelta(days=2))]
assert [x.start for x in read.deleted_occurrences] == [start + datetime.timedelta(days=14)]
assert read.first_occurrence.start == start and read.last_occurrence.start == start + datetime.timedelta(days=42)
assert read.modified_occurrences[0].id == second.id
changed = a.calendar.get(id=second.id)
assert changed.type == "Exception" and changed.subject == "Ausnahme" and changed.original_start == start + datetime.timedelta(days=2), changed
for index, error in ((3, ErrorCalendarOccurrenceIsDeletedFromRecurrence), (8, ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange)):
    try:
        read.occurrence(index=index).refresh()
        raise AssertionError(f"occurrence {index} was there")
    except error:
        pass
fourth = read.occurrence(index=4)
fourth.refresh()
fourth.start += datetime.timedelta(days=12)
fourth.end += datetime.timedelta(days=12)
try:
    fourth.save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_NONE)
    raise AssertionError("an occurrence overtook the next one")
except ErrorOccurrenceCrossingBoundary:
    pass
mine = [x.subject for x in a.calendar.view(start=start, end=far) if x.subject in ("Serie", "Ausnahme")]
assert sorted(mine) == ["Ausnahme"] + ["Serie"] * 5, mine

# Move, copy, delete.
old = many[3]
item = a.calendar.get(id=old.id)
item.move(a.trash)
assert item.id != old.id and a.trash.get(id=item.id).abgleich_id == "inst/anna/b3"
assert isinstance(a.calendar.get(id=old.id), ErrorItemNotFound)
copy = a.calendar.get(id=many[4].id).copy(a.calendar)
assert a.calendar.filter(abgleich_id="inst/anna/b4").count() == 2
a.bulk_delete([many[5]], delete_type=MOVE_TO_DELETED_ITEMS, send_meeting_cancellations=SEND_TO_NONE)
a.bulk_delete([many[6]], delete_type=HARD_DELETE, send_meeting_cancellations=SEND_TO_NONE)
a.bulk_delete([many[7]], delete_type=SOFT_DELETE, send_meeting_cancellations=SEND_TO_NONE)
assert a.trash.filter(abgleich_id="inst/anna/b5").count() == 1
assert a.trash.filter(abgleich_id="inst/anna/b6").count() == 0
assert a.recoverable_items_deletions.filter(abgleich_id="inst/anna/b7").count() == 1
gone = {x.id for c, x in a.calendar.sync_items() if c == "delete"}
assert gone == {many[i].id for i in (3, 5, 6, 7)}, len(gone)

# Tasks.
t = Task(account=a, folder=a.tasks, subject="Angebot", body="bitte", start_date=EWSDate(2026, 11, 20), due_date=EWSDate(2026, 11, 30),
         status="InProgress", percent_complete=Decimal(40), abgleich_id="inst/anna/t1", importance="Low", categories=["Kunde"])
t.save()
t = a.tasks.get(id=t.id)
assert (t.due_date, t.start_date, t.status, t.percent_complete) == (EWSDate(2026, 11, 30), EWSDate(2026, 11, 20), "InProgress", 40), t
t.percent_complete = Decimal(100)
t.save(update_fields=["percent_complete"])
t = a.tasks.get(id=t.id)
assert t.status == "Completed" and t.is_complete and t.complete_date is not None, t
assert [c for c, _ in a.tasks.sync_items()] == ["create"]
t.delete(affected_task_occurrences="AllOccurrences")
assert a.tasks.all().count() == 0

# Extended property on the folder.
from exchangelib.folders import Folder
Folder.register("installation", AbgleichId)
a.calendar.refresh()
a.calendar.installation = "me"
a.calendar.save(update_fields=["installation"])
c = account("LAB\\anna")
assert c.calendar.installation == "me"
Folder.deregister("installation")

# Pull.
with a.calendar.pull_subscription(timeout=10) as (sub, mark):
    CalendarItem(account=a, folder=a.calendar, subject="pull", start=start, end=start).save(send_meeting_invitations=SEND_TO_NONE)
    events = [e for n in a.calendar.get_events(sub, mark) for e in n.events]
    assert any(isinstance(e, CreatedEvent) for e in events), events
    mark = events[-1].watermark
    events = [e for n in a.calendar.get_events(sub, mark) for e in n.events]
    assert all(isinstance(e, StatusEvent) for e in events), events

# Streaming.
with a.calendar.streaming_subscription() as sub:
    def edit():
        x = b.calendar.get(id=many[10].id)  # a's one connection is the stream's
        x.subject = "streamed"
        x.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
        x.move(b.trash)
    timer = threading.Timer(0.5, edit)
    timer.start()
    seen = []
    for n in a.calendar.get_streaming_events(sub, connection_timeout=1, max_notifications_returned=2):
        seen += n.events
    timer.join()
    assert any(isinstance(e, ModifiedEvent) for e in seen) and any(isinstance(e, MovedEvent) for e in seen), seen

# Push.
class Listener(http.server.BaseHTTPRequestHandler):
    got = []
    ready = threading.Event()

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        ws = SendNotification(protocol=None)
        for n in ws.parse(data):
            self.got += n.events
        if any(isinstance(e, CreatedEvent) for e in self.got):
            self.ready.set()
        reply = ws.ok_payload()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=listener.serve_forever, daemon=True).start()
sub = a.calendar.subscribe_to_push(f"http://127.0.0.1:{listener.server_port}/events", status_frequency=1)
CalendarItem(account=a, folder=a.calendar, subject="push", start=start, end=start).save(send_meeting_invitations=SEND_TO_NONE)
assert Listener.ready.wait(10), Listener.got
listener.shutdown()

# Names.
found = a.protocol.resolve_names(["anna"], return_full_contact_data=True)
assert found[0][0].email_address == "anna@lab.test", found

# Ids in other formats.
from exchangelib.properties import AlternateId
item = a.calendar.get(id=many[20].id)
mine = AlternateId(id=item.id, format="EwsId", mailbox="anna@lab.test")
for fmt in ("EwsLegacyId", "EntryId", "HexEntryId", "StoreId", "OwaId"):
    there = list(a.protocol.convert_ids([mine], destination_format=fmt))
    assert len(there) == 1 and there[0].format == fmt and there[0].id != item.id, there
    back = list(a.protocol.convert_ids(there, destination_format="EwsId"))
    assert back[0].id == item.id, (fmt, back)

# Zones with their rules: each can be put into an availability request.
from exchangelib.properties import TimeZone
zones = list(a.protocol.get_timezones(return_full_timezone_data=True))
assert len(zones) > 130, len(zones)
for z in zones:
    TimeZone.from_server_timezone(tz_definition=z, for_year=2026)
vienna = TimeZone.from_server_timezone(next(z for z in zones if z.id == "W. Europe Standard Time"), 2026)
assert vienna.bias == -60 and vienna.daylight_time.bias == -60, vienna
assert (vienna.daylight_time.iso_month, vienna.daylight_time.occurrence, vienna.standard_time.iso_month) == (3, 5, 10), vienna

# Free and busy.
views = list(a.protocol.get_free_busy_info(accounts=[(a, "Organizer", False), ("bob@lab.test", "Required", False), ("nobody@lab.test", "Optional", False)],
             start=start.replace(hour=0, minute=0), end=start.replace(hour=0, minute=0) + datetime.timedelta(days=1), merged_free_busy_interval=30))
assert views[0].view_type == "DetailedMerged" and views[1].view_type == "FreeBusyMerged", views
assert len(views[0].merged) == 48 and views[0].merged[19:21] in ("12", "22"), views[0].merged
assert any(e.details.subject == "Serie" for e in views[0].calendar_events), views[0].calendar_events
assert any(e.start.replace(tzinfo=None) == start.replace(tzinfo=None) for e in views[0].calendar_events), views[0].calendar_events
assert views[0].working_hours and views[0].working_hours_timezone.bias == -60, views[0]
assert not views[1].calendar_events and set(views[1].merged) == {"0"}, views[1]
assert isinstance(views[2], Exception), views[2]

# Attachments: with a new item, on one that is there, on an occurrence, an item on an item.
from exchangelib import FileAttachment, ItemAttachment
paper = CalendarItem(account=a, folder=a.calendar, subject="mit Beilagen", start=start, end=start + datetime.timedelta(hours=1),
                     body=HTMLBody('<html><body><img src="cid:logo"/></body></html>'))
paper.attach(FileAttachment(name="Angebot.pdf", content=bytes(range(256)), content_type="application/pdf"))
paper.save(send_meeting_invitations=SEND_TO_NONE)
paper = a.calendar.get(id=paper.id)
assert paper.has_attachments and [(x.name, x.content_type, x.is_inline) for x in paper.attachments] == [("Angebot.pdf", "application/pdf", False)], paper.attachments
assert paper.attachments[0].content == bytes(range(256))
key = paper.changekey
logo = FileAttachment(name="logo.png", content=b"\x89PNG", content_id="logo", is_inline=True, content_type="image/png")
inner = CalendarItem(subject="Anhang & Termin", start=start, end=start + datetime.timedelta(hours=2), body="innen", location="Steyr")
paper.attach([logo, ItemAttachment(name="Termin", item=inner)])
assert paper.changekey != key
paper = a.calendar.get(id=paper.id)
by_name = {x.name: x for x in paper.attachments}
assert set(by_name) == {"Angebot.pdf", "logo.png", "Termin"} and by_name["logo.png"].is_inline and by_name["logo.png"].content_id == "logo", by_name
got = by_name["Termin"].item
assert (got.subject, got.location, got.start, got.body.strip()) == ("Anhang & Termin", "Steyr", start, "innen"), got
with by_name["Angebot.pdf"].fp as fp:
    assert fp.read() == bytes(range(256))
paper.subject = "mit drei Beilagen"
paper.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
assert len(a.calendar.get(id=paper.id).attachments) == 3
twin = paper.copy(a.calendar)
twin = a.calendar.get(id=twin[0])
assert {x.name for x in twin.attachments} == set(by_name) and next(x for x in twin.attachments if x.name == "logo.png").content == b"\x89PNG"
twin.move(a.trash)
assert next(x for x in a.trash.get(id=twin.id).attachments if x.name == "Angebot.pdf").content == bytes(range(256))
twin.move(a.calendar)
twin = a.calendar.get(id=twin.id)
twin.detach([x for x in twin.attachments if x.name != "logo.png"])
twin = a.calendar.get(id=twin.id)
assert [x.name for x in twin.attachments] == ["logo.png"] and not twin.has_attachments, twin
assert len(a.calendar.get(id=paper.id).attachments) == 3
sixth = a.calendar.get(id=series.id).occurrence(index=6)
sixth.refresh()
sixth.attach(FileAttachment(name="nur heute.txt", content=b"x"))
there = a.calendar.get(id=series.id)
assert not there.has_attachments and len(there.modified_occurrences) == 2, there
odd = a.calendar.get(id=there.modified_occurrences[1].id)
assert odd.type == "Exception" and odd.attachments[0].content == b"x", odd
job = Task(account=a, folder=a.tasks, subject="mit Beilage")
job.attach(FileAttachment(name="a.txt", content=b"task"))
job.save()
assert a.tasks.get(id=job.id).attachments[0].content == b"task"
job.delete(affected_task_occurrences="AllOccurrences")

# MIME: read as iCalendar, and an appointment made of one.
full = a.calendar.filter(subject="bulk 021").only("mime_content", "subject").get()
text = full.mime_content.decode()
assert text.startswith("BEGIN:VCALENDAR") and "SUMMARY:bulk 021" in text and "DTSTART;TZID=W. Europe Standard Time:20261214T093000" in text, text
twin = CalendarItem(account=a, folder=a.calendar, mime_content=full.mime_content, start=start + datetime.timedelta(days=22), end=start + datetime.timedelta(days=22, minutes=45))
twin.save(send_meeting_invitations=SEND_TO_NONE)
twin = a.calendar.get(id=twin.id)
assert (twin.subject, twin.start) == ("bulk 021", start + datetime.timedelta(days=22)), twin  # what stands beside it wins
print("passed")
