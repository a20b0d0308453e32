// A client nobody here wrote, run against the simulated Exchange: Microsoft's EWS Managed
// API, translated to JavaScript (npm ews-javascript-api).
//
// usage: NODE_PATH=…/node_modules node client.js URL
// (The library leaves it to its callers to write & and < as XML wants them: none here.)
// Logs in as LAB\anna with NTLM and does with the calendar and the tasks what products
// built on that library do. Every surprise is an AssertionError. Ends with the word "passed".
"use strict";
const assert = require("node:assert/strict");
const ews = require("ews-javascript-api");
const { XhrApi } = require("@ewsjs/xhr");
const {
  Appointment, AppointmentSchema, AttachmentCollection, BasePropertySet, BodyType, CalendarView, ConflictResolutionMode, DateTime,
  DayOfTheWeek, DefaultExtendedPropertySet, DeleteMode, EventType, ExchangeService, ExchangeVersion, ExtendedPropertyDefinition,
  FolderId, Folder, Guid, Importance, ItemSchema, ItemView, LegacyFreeBusyStatus, MapiPropertyType, MessageBody, PropertySet,
  Recurrence, SearchFilter, SendCancellationsMode, SendInvitationsMode, SendInvitationsOrCancellationsMode, Sensitivity,
  StringList, SyncFolderItemsScope, Task, TaskStatus, TimeSpan, Uri, WellKnownFolderName, ItemId, Item, AffectedTaskOccurrence,
  CalendarFolder, ChangeType, ServiceError,
} = ews;

const none = SendInvitationsMode.SendToNone;
const noneOrNone = SendInvitationsOrCancellationsMode.SendToNone;

function connect(url, user, password) {
  const service = new ExchangeService(ExchangeVersion.Exchange2016);
  service.Url = new Uri(url);
  service.Credentials = new ews.WebCredentials(user, password);
  service.XHRApi = new XhrApi().useNtlmAuthentication(user, password);
  return service;
}

// refused expects a request to fail with a response code.
async function refused(code, request) {
  try {
    await request();
  } catch (e) {
    assert.equal(ServiceError[e.ErrorCode], code, String(e.Message || e));
    return;
  }
  assert.fail(`nothing was refused, want ${code}`);
}

async function main() {
  const service = connect(process.argv[2], "LAB\\anna", "secret1");
  const key = new ExtendedPropertyDefinition(new Guid("2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10"), "AbgleichId", MapiPropertyType.String);
  const all = new PropertySet(BasePropertySet.FirstClassProperties, [key]);
  const at = (text) => DateTime.Parse(text);
  const same = (got, text) => assert.equal(got.ToISOString(), new Date(text).toISOString());

  // Create, read, change.
  const one = new Appointment(service);
  one.Subject = "Böhm – 会議";
  one.Body = new MessageBody(BodyType.Text, "erste\nzweite");
  one.Location = "Raum 1";
  one.Start = at("2026-11-23T09:00:00Z");
  one.End = at("2026-11-23T10:00:00Z");
  one.Categories = new StringList(["Kunde", "A+B"]);
  one.ReminderMinutesBeforeStart = 30;
  one.Sensitivity = Sensitivity.Private;
  one.Importance = Importance.High;
  one.LegacyFreeBusyStatus = LegacyFreeBusyStatus.Tentative;
  one.SetExtendedProperty(key, "inst/anna/1");
  await one.Save(WellKnownFolderName.Calendar, none);
  let read = await Appointment.Bind(service, one.Id, all);
  assert.equal(read.Subject, "Böhm – 会議");
  assert.equal(read.Location, "Raum 1");
  same(read.Start, "2026-11-23T09:00:00Z");
  same(read.End, "2026-11-23T10:00:00Z");
  assert.deepEqual(read.Categories.GetEnumerator().slice().sort(), ["A+B", "Kunde"]);
  assert.equal(read.Sensitivity, Sensitivity.Private);
  assert.equal(read.Importance, Importance.High);
  assert.equal(read.LegacyFreeBusyStatus, LegacyFreeBusyStatus.Tentative);
  assert.equal(Number(read.ReminderMinutesBeforeStart), 30);
  assert.equal(read.ExtendedProperties.Items[0].Value, "inst/anna/1");
  assert.ok(read.Body.Text.includes("erste"));
  const stale = await Appointment.Bind(service, one.Id, all);
  read.Subject = "Neu";
  read.Location = null;
  await read.Update(ConflictResolutionMode.NeverOverwrite, noneOrNone);
  stale.Subject = "Älter";
  await refused("ErrorIrresolvableConflict", () => stale.Update(ConflictResolutionMode.NeverOverwrite, noneOrNone));
  read = await Appointment.Bind(service, one.Id, all);
  assert.equal(read.Subject, "Neu");

  // Find by the named property, list by time.
  const found = await service.FindItems(new FolderId(WellKnownFolderName.Calendar), new SearchFilter.IsEqualTo(key, "inst/anna/1"), new ItemView(10));
  assert.equal(found.Items.length, 1);
  assert.equal(found.Items[0].Id.UniqueId, one.Id.UniqueId);

  // A series with an exception and a deleted occurrence.
  const series = new Appointment(service);
  series.Subject = "Serie";
  series.Start = at("2026-11-23T13:00:00Z");
  series.End = at("2026-11-23T14:00:00Z");
  series.Recurrence = new Recurrence.WeeklyPattern(at("2026-11-23T00:00:00Z"), 2, [DayOfTheWeek.Monday, DayOfTheWeek.Wednesday]);
  series.Recurrence.NumberOfOccurrences = 7;
  await series.Save(WellKnownFolderName.Calendar, none);
  const calendar = await CalendarFolder.Bind(service, WellKnownFolderName.Calendar);
  const view = await calendar.FindAppointments(new CalendarView(at("2026-11-22T00:00:00Z"), at("2027-02-01T00:00:00Z")));
  const days = view.Items.filter((x) => x.Subject === "Serie").map((x) => x.Start.ToISOString().slice(0, 10));
  assert.deepEqual(days, ["2026-11-23", "2026-11-25", "2026-12-07", "2026-12-09", "2026-12-21", "2026-12-23", "2027-01-04"]);
  const second = await Appointment.BindToOccurrence(service, series.Id, 2);
  second.Subject = "Ausnahme";
  second.Start = at("2026-11-25T15:00:00Z");
  second.End = at("2026-11-25T16:00:00Z");
  await second.Update(ConflictResolutionMode.AutoResolve, noneOrNone);
  const third = await Appointment.BindToOccurrence(service, series.Id, 3);
  await third.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToNone);
  await refused("ErrorCalendarOccurrenceIsDeletedFromRecurrence", () => Appointment.BindToOccurrence(service, series.Id, 3));
  await refused("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", () => Appointment.BindToOccurrence(service, series.Id, 8));
  const master = await Appointment.Bind(service, series.Id, all);
  assert.equal(Number(master.Recurrence.Interval), 2);
  assert.equal(Number(master.Recurrence.NumberOfOccurrences), 7);
  assert.equal(master.ModifiedOccurrences.Items.length, 1);
  same(master.ModifiedOccurrences.Items[0].OriginalStart, "2026-11-25T13:00:00Z");
  same(master.DeletedOccurrences.Items[0].OriginalStart, "2026-12-07T13:00:00Z");
  const up = await Appointment.BindToRecurringMaster(service, second.Id);
  assert.equal(up.Id.UniqueId, series.Id.UniqueId);

  // Attachments.
  read.Attachments.AddFileAttachment("a.txt", Buffer.from("Beilage").toString("base64"));
  await read.Update(ConflictResolutionMode.AutoResolve, noneOrNone);
  let paper = await Appointment.Bind(service, one.Id, all);
  assert.equal(paper.HasAttachments, true);
  assert.equal(paper.Attachments.Items[0].Name, "a.txt");
  await paper.Attachments.Items[0].Load();
  assert.equal(Buffer.from(paper.Attachments.Items[0].Base64Content, "base64").toString(), "Beilage");

  // The feed.
  let page = await service.SyncFolderItems(new FolderId(WellKnownFolderName.Calendar), PropertySet.IdOnly, [], 512, SyncFolderItemsScope.NormalItems, null);
  assert.equal(page.Count, 2);
  assert.equal(page.MoreChangesAvailable, false);
  const state = page.SyncState;
  paper.Location = "Wels";
  await paper.Update(ConflictResolutionMode.AlwaysOverwrite, noneOrNone);
  await master.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToNone);
  page = await service.SyncFolderItems(new FolderId(WellKnownFolderName.Calendar), PropertySet.IdOnly, [], 512, SyncFolderItemsScope.NormalItems, state);
  assert.deepEqual(page.GetEnumerator().map((c) => ChangeType[c.ChangeType]).sort(), ["Delete", "Update"]);

  // All-day: snapped to whole days.
  const day = new Appointment(service);
  day.Subject = "Urlaub";
  day.Start = at("2026-12-24T00:00:00Z");
  day.End = at("2026-12-25T00:00:00Z");
  day.IsAllDayEvent = true;
  await day.Save(WellKnownFolderName.Calendar, none);
  assert.equal((await Appointment.Bind(service, day.Id, all)).IsAllDayEvent, true);

  // Move and copy.
  const twin = await paper.Copy(WellKnownFolderName.Calendar);
  assert.notEqual(twin.Id.UniqueId, paper.Id.UniqueId);
  const gone = await twin.Move(WellKnownFolderName.DeletedItems);
  assert.notEqual(gone.Id.UniqueId, twin.Id.UniqueId);
  await refused("ErrorItemNotFound", () => Item.Bind(service, twin.Id));

  // Tasks, with one that recurs.
  const task = new Task(service);
  task.Subject = "Angebot";
  task.Body = new MessageBody(BodyType.Text, "bitte");
  task.DueDate = at("2026-11-30T00:00:00Z");
  task.StartDate = at("2026-11-23T00:00:00Z");
  task.Status = TaskStatus.InProgress;
  task.PercentComplete = 40;
  await task.Save(WellKnownFolderName.Tasks);
  let job = await Task.Bind(service, task.Id);
  assert.equal(job.Status, TaskStatus.InProgress);
  assert.equal(Number(job.PercentComplete), 40);
  same(job.DueDate, "2026-11-30T00:00:00Z");
  job.PercentComplete = 100;
  await job.Update(ConflictResolutionMode.AlwaysOverwrite);
  job = await Task.Bind(service, task.Id);
  assert.equal(job.IsComplete, true);
  assert.equal(job.Status, TaskStatus.Completed);
  await job.Delete(DeleteMode.MoveToDeletedItems, null, AffectedTaskOccurrence.AllOccurrences);
  const weekly = new Task(service);
  weekly.Subject = "jede Woche";
  weekly.DueDate = at("2026-11-23T00:00:00Z");
  weekly.Recurrence = new Recurrence.WeeklyPattern(at("2026-11-23T00:00:00Z"), 1, [DayOfTheWeek.Monday]);
  await weekly.Save(WellKnownFolderName.Tasks);
  let next = await Task.Bind(service, weekly.Id);
  assert.equal(next.IsRecurring, true);
  next.Status = TaskStatus.Completed;
  await next.Update(ConflictResolutionMode.AlwaysOverwrite);
  const left = await service.FindItems(WellKnownFolderName.Tasks, new ItemView(10));
  assert.equal(left.Items.length, 2, "the completed one and the next");

  // Pull, and what else a product asks.
  const sub = await service.SubscribeToPullNotifications([new FolderId(WellKnownFolderName.Calendar)], 10, null, EventType.Created, EventType.Modified);
  const another = new Appointment(service);
  another.Subject = "gemeldet";
  another.Start = at("2026-11-24T09:00:00Z");
  another.End = at("2026-11-24T10:00:00Z");
  await another.Save(WellKnownFolderName.Calendar, none);
  const told = await sub.GetEvents();
  assert.ok(told.AllEvents.length > 0);
  await sub.Unsubscribe();
  const names = await service.ResolveName("anna");
  assert.equal(names.GetEnumerator()[0].Mailbox.Address, "anna@lab.test");
  const inbox = await Folder.Bind(service, WellKnownFolderName.Inbox);
  assert.equal(inbox.DisplayName, "Inbox");

  console.log("passed");
}

main().catch((e) => {
  console.error(e instanceof Error ? e.stack : e.Message || e, e.ErrorCode !== undefined ? ServiceError[e.ErrorCode] : "");
  process.exit(1);
});
