// The life of a run, exhaustively: a new status or trigger without a decision fails here.
using Durable.Engine.History;

namespace Durable.Core.Tests.History;

[TestFixture]
[Category("Pure")]
public sealed class RunLifecycleTests
{
    [Test]
    public void The_whole_matrix_is_the_approved_one()
    {
        var statuses = Enum.GetValues<RunStatus>();
        var triggers = Enum.GetValues<RunTrigger>();
        var lines = from status in statuses from trigger in triggers select $"{status} + {trigger} -> {RunLifecycle.Next(status, trigger)?.ToString() ?? "refused"}";
        Approved.File("History/RunLifecycle.approved.txt", string.Join("\n", lines.Order(StringComparer.Ordinal)) + "\n");
        Assert.That(lines.Count(), Is.EqualTo(statuses.Length * triggers.Length));
    }

    [Test]
    public void Closed_runs_never_change_and_every_other_status_can_end()
    {
        foreach (var status in Enum.GetValues<RunStatus>())
        {
            var next = Enum.GetValues<RunTrigger>().Select(trigger => RunLifecycle.Next(status, trigger)).OfType<RunStatus>().ToList();
            if (RunLifecycle.IsClosed(status)) Assert.That(next, Is.Empty, status.ToString());
            else Assert.That(next, Does.Contain(RunStatus.Terminated).And.Contain(RunStatus.TimedOut), status.ToString());
        }
    }

    [Test]
    public void Every_status_can_be_reached_from_Pending_and_every_row_is_used()
    {
        var reached = new HashSet<RunStatus> { RunStatus.Pending };
        var rows = RunLifecycle.Rows.ToList();
        for (var grown = true; grown;)
        {
            grown = false;
            foreach (var row in rows.Where(row => reached.Contains(row.From))) grown |= reached.Add(row.To);
        }

        Assert.That(reached, Is.EquivalentTo(Enum.GetValues<RunStatus>()));
        Assert.That(rows.All(row => reached.Contains(row.From)), Is.True);
        Assert.That(rows.Select(row => row.Trigger).Distinct(), Is.EquivalentTo(Enum.GetValues<RunTrigger>()));
    }

    [Test]
    public void Closed_is_ten_and_above() =>
        Assert.That(Enum.GetValues<RunStatus>().Where(RunLifecycle.IsClosed), Is.EqualTo(new[] { RunStatus.Completed, RunStatus.Failed, RunStatus.Cancelled, RunStatus.Terminated, RunStatus.TimedOut }));

    [TestCase(RunStatus.Pending, 0)]
    [TestCase(RunStatus.Running, 1)]
    [TestCase(RunStatus.Paused, 2)]
    [TestCase(RunStatus.Cancelling, 3)]
    [TestCase(RunStatus.Stalled, 4)]
    [TestCase(RunStatus.Quarantined, 5)]
    [TestCase(RunStatus.Completed, 10)]
    [TestCase(RunStatus.Failed, 11)]
    [TestCase(RunStatus.Cancelled, 12)]
    [TestCase(RunStatus.Terminated, 13)]
    [TestCase(RunStatus.TimedOut, 14)]
    public void Statuses_are_stored_as_these_numbers(RunStatus status, short number)
    {
        Assert.That((short)status, Is.EqualTo(number));
        Assert.That(Enum.GetValues<RunStatus>(), Has.Length.EqualTo(11));
    }

    [Test]
    public void Kinds_of_events_and_commands_are_stored_as_the_approved_numbers() =>
        Approved.File("History/Kinds.approved.txt", string.Concat(Enum.GetValues<EventKind>().Select(kind => $"event {(short)kind} {kind}\n").Concat(Enum.GetValues<CommandKind>().Select(kind => $"command {(int)kind} {kind}\n"))));

    [Test]
    public void What_the_kinds_have_in_common()
    {
        var kinds = Enum.GetValues<EventKind>();
        Assert.That(kinds.Where(kind => EventKinds.IsAdministrative((short)kind)), Is.EqualTo(new[] { EventKind.Terminated, EventKind.TimedOut, EventKind.Resumed, EventKind.LimitReached }));
        Assert.That(kinds.Where(EventKinds.IsControl), Is.EqualTo(new[] { EventKind.CancelRequested, EventKind.Terminated, EventKind.TimedOut, EventKind.Resumed }));
        Assert.That(kinds.Where(kind => !EventKinds.IsReply(kind)), Is.EqualTo(new[]
        {
            EventKind.RunStarted, EventKind.SignalReceived, EventKind.MailReceived, EventKind.UpdateReceived, EventKind.CancelRequested, EventKind.MessageCarried,
            EventKind.Terminated, EventKind.TimedOut, EventKind.Resumed, EventKind.LimitReached,
        }));
        Assert.That((EventKinds.IsKnown(18), EventKinds.IsKnown(19), EventKinds.IsKnown(-1)), Is.EqualTo((true, false, false)));
    }
}
