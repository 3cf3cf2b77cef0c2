// Engines whose sources have one mechanism turned off. They exist while a test runs, and nowhere else (DECISIONS 36; docs/broken-engines.md).
namespace Durable.Broken.Tests;

/// <summary>One broken engine.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rule">The mechanism or rule that it breaks.</param>
/// <param name="How">How it is broken.</param>
/// <param name="CaughtBy">A test of the sound engine that fails on it.</param>
/// <param name="Changes">What stands in the sources instead.</param>
internal sealed record BrokenBuild(string Name, string Rule, string How, string CaughtBy, params Change[] Changes)
{
    private const string Execution = "Replay/WorkflowExecution.cs";

    /// <summary>The project that is compiled.</summary>
    public string Project { get; init; } = "Durable.Core";

    /// <summary>The project whose tests look at it.</summary>
    public string Tests { get; init; } = "Durable.Core.Tests";

    public override string ToString() => Name;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<BrokenBuild> All { get; } =
    [
        new("AsyncContinuations", "M1", "durable tasks run their continuations asynchronously", "M1_a_durable_task_completes_its_plain_continuations_on_the_turn",
            new Change("Replay/Operation.cs", ": TaskCompletionSource<T>, IPendingOperation", ": TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IPendingOperation")),
        new("CompletesInContext", "M1", "durable tasks are completed inside a context of the run", "M1_a_durable_task_completes_its_plain_continuations_on_the_turn",
            new Change(Execution, """
                        SynchronizationContext.SetSynchronizationContext(null);
                        try
                        {
                            action(state);
                """, """
                        SynchronizationContext.SetSynchronizationContext(OnTurn is { } run ? new TurnContext(run) : null);
                        try
                        {
                            action(state);
                """)),
        new("OneContext", "M2", "all callbacks of a run have the same context object", "M2_each_callback_has_a_context_of_its_own",
            new Change(Execution, "SynchronizationContext.SetSynchronizationContext(new TurnContext(this));", "SynchronizationContext.SetSynchronizationContext(shared ??= new TurnContext(this));"),
            new Change(Execution, "    private int randoms;", "    private int randoms;\n    private TurnContext? shared;")),
        new("StartersContext", "M3", "a run's context is made from that of who started it", "M3_nothing_of_the_starter_flows_into_a_run",
            new Change("Replay/FlowMarker.cs", "ExecutionContext.Run(Empty, state =>", "ExecutionContext.Run(ExecutionContext.Capture()!, state =>")),
        new("HandlersShareContext", "M3", "handlers run in the turn's context and rows begin with what the last one left", "M3_what_a_handler_sets_is_not_seen_by_the_next_arrival_of_a_batch",
            new Change(Execution, "ExecutionContext.Run(self.context, static boxed => ((Action)boxed!)(), action);", "action();"),
            new Change(Execution, "ExecutionContext.Restore(context);               // what the callbacks of the last row set, a live turn would not see (M3)", "")),
        new("NoMarker", "M4", "nobody reports that the context flowed to another thread", "M4_a_context_that_flows_away_is_seen_before_the_foreign_code_runs",
            new Change("Replay/FlowMarker.cs", "run.ReportForeign();", "_ = run;")),
        new("PostDroppedSilently", "M5", "what is posted off-turn is dropped, and nobody is told", "M5_what_another_run_posts_is_dropped_and_recorded",
            new Change(Execution, "else ReportForeign();                            // dropped: whoever completed this is not the history", "")),
        new("NoWaitNotice", "M6", "nobody is told of blocking waits", "M6_a_deadlock_frees_its_thread_and_a_catch_all_does_not_hide_it",
            new Change("Replay/TurnContext.cs", "SetWaitNotificationRequired();", "")),
        new("ThrowsOffTurn", "M7", "calls from other threads throw there", "M7_nothing_of_ours_throws_on_a_foreign_thread",
            new Change(Execution, """
                        _ = what;
                        ReportForeign();
                        return false;
                """, """
                        throw new InvalidOperationException(what);
                """)),
        new("ViolationIsAnException", "M8", "a violation is thrown into user code and not recorded", "M6_a_deadlock_frees_its_thread_and_a_catch_all_does_not_hide_it",
            new Change("Replay/TurnContext.cs", "execution.Hold(new Verdict(DurableErrorCodes.NotDurable, message));", "")),
        new("GoesOnAfterDivergence", "M8", "rows behind a divergence are applied and the code runs on", "M8_after_a_divergence_no_code_is_asked_and_no_finally_runs",
            new Change(Execution, "                    if (Verdict is not null) return;\n                }", "                }"),
            new Change(Execution, "while (queue.Count > 0 && verdict is null && End is null)", "while (queue.Count > 0 && End is null)")),
        new("NoComparison", "M9", "replay compares nothing", "M9_a_missing_command_is_found_at_its_own_arrival",
            new Change(Execution, "if (verdict is null && !Commands.Matches(row.Commands))", "if (verdict is null && false)")),
        new("EndlessTurns", "M10", "callbacks of a turn are not counted", "M10_a_turn_of_endless_yields_ends",
            new Change(Execution, "if (++callbacks > Limits.MaxCallbacks)", "if (callbacks > Limits.MaxCallbacks)")),
        new("TimersOutsideContext", "M11", "user code of a timer runs where the row is applied", "M11_user_code_of_a_timer_has_the_runs_context",
            new Change("Replay/DurableTime.cs", "else execution.EnqueueEntry(Call);", "else Call();")),
        new("ConditionsAtOnce", "M12", "all conditions that are true complete before any code runs", "M12_conditions_complete_one_at_a_time",
            new Change("Replay/Waits.cs", "            wait.Complete(true);\n            return true;", "            wait.Complete(true);\n            _ = CompleteOne();\n            return true;")),
        new("CancelNewestFirst", "M13", "a cancel ends the latest wait first", "M13_a_cancel_is_one_arrival_token_first_then_waits_by_ordinal",
            new Change("Replay/Operations.cs", ".OrderBy(op => op.Operation.Ordinal)", ".OrderByDescending(op => op.Operation.Ordinal)")),
        new("StepByMessage", "K4", "a transactional step commits first, and its completion follows", "A_host_that_dies_after_the_commit_has_done_its_work",
            new Change("Worker/TransactionalSteps.cs", """
                            if (!(await services.Store.CompleteTasksAsync([end], open.Transaction).ConfigureAwait(false))[0]) return false;
                            return await CommitAsync(open, task, attempt).ConfigureAwait(false);
                """, """
                            return await CommitAsync(open, task, attempt).ConfigureAwait(false) && (await services.Store.CompleteTasksAsync([end]).ConfigureAwait(false))[0];
                """)) { Tests = "Durable.Storage.Sqlite.Tests" },
    ];
}
