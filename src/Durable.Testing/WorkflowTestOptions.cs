namespace Durable.Testing;

/// <summary>How a <see cref="WorkflowTestHost"/> behaves. The defaults suit most tests.</summary>
public sealed class WorkflowTestOptions
{
    /// <summary>True (the default): after every turn the whole history is replayed by a second instance, on another thread with another stack and another
    /// culture, and the first difference fails the test. It finds what nothing can find while the code runs once: a clock, an id, a static field.</summary>
    public bool Strict { get; set; } = true;

    /// <summary>True (the default): while the test waits for a run's end or an update's answer and nothing is runnable, time jumps to whatever is due next.</summary>
    public bool SkipTime { get; set; } = true;

    /// <summary>The virtual time at which the host starts. Default 2030-01-01 00:00 UTC, so that tests are equal every day.</summary>
    public DateTimeOffset StartTime { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How long, by the real clock, a test may wait for a run that nothing can move any more before the wait throws with the explanation. Default 30 s.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Takes each line that engine, workflows and activities log (with <c>TestContext.Out.WriteLine</c> for example). Default null: none are shown.</summary>
    public Action<string>? Log { get; set; }
}
