// Seeds that once found something. Each runs in CI for ever; a seed is its name and number, what it found is told here.
namespace Durable.Simulation;

/// <summary>One bug and the seed that shows it.</summary>
/// <param name="Bug">Its name.</param>
/// <param name="Seed">The seed that found it. When the simulation itself changes, a seed becomes another world: the broken engines of the same name, and those in the list of rules, keep what it showed.</param>
/// <param name="Found">What was wrong.</param>
internal sealed record RegressionSeed(string Bug, ulong Seed, string Found)
{
    public override string ToString() => Bug;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RegressionSeed> All { get; } =
    [
        new("IdleLaneAfterFailover", 69, "a failover lost the park of a run; its lane, which had nothing left to commit, was never told and the run stood still for ever"),
        new("IdleLaneAfterFailoverWithMail", 157, "the same with runs that the lane had closed in what was lost, and with mail for one of them"),
        new("IdleLaneAfterFailoverOfOneLane", 211, "the same with a single lane"),
        new("ChildOvertakesItsStart", 579, "the outcome of a child came before the answer of the batch that had started it: who waited for the start waited for ever"),
        new("ChildPurgedBeforeItsParent", 877, "a child that had ended and was purged before its parent looked was started a second time"),
        new("TimerOfTheGenerationBefore", 1_005_728, "an attempt that failed while a run was taken up ended its generation, and the timers of that one fired in the next"),
        new("PurgedLaneBeginsAgain", 3_000_031, "a purged lane begins again at epoch 1, which the checker took for a token given twice; the holder tells the two apart"),
        new("QueryOfARunThatNeverBegan", 390, "a query of a run that ended before it began threw an exception without a code"),
        new("StepBegunBeforeTheClockWentBack", 3_005_021, "a host died in a step's retry and the store's clock went back behind the time at which that was due: its successor took it for one that had not begun, which the checker allowed to hosts only that live; once more under the same number is what at least once means"),
        new("AcknowledgedAcrossAFailover", 5_000_970, "a start was committed, lost by a failover, and acknowledged by an answer that had been on its way: the checker took it for one that the new server had accepted"),
        new("RefusedRowTriedTooEarly", 1_120, "what a group refuses was tried again a part of a millisecond too early, found that it still had to wait, and waited for nothing, again and again: delays are cut to whole milliseconds"),
        new("RefusedRowAheadOfTheClock", 3_694, "the clock of a server went back, what a sender had waiting there lay ahead of it, was not read when it was to be tried again, and was forgotten"),
        new("StepDueBeforeTheClockWentBack", 1_913, "as StepBegunBeforeTheClockWentBack, with the clock going back between the row that said when the retry was due and the retry"),
        new("RunGivenBackByAFailover", 862, "a failover gave a run back to a lane whose batch was sent again; the lane did not load it"),
    ];
}
