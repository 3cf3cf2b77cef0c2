using System.Text.Json;

namespace Durable;

/// <summary>One thing that happened in a run, as people read it.</summary>
/// <remarks>A stored row holds one arrival and what the code asked for in answer to it; events are those rows unfolded.</remarks>
/// <param name="Position">Where it stands, <c>generation:row:index</c>: text to go on from, not to calculate with.</param>
/// <param name="WorkflowId">The workflow id.</param>
/// <param name="RunId">The run.</param>
/// <param name="Generation">The generation: 0, then one more at each continue-as-new.</param>
/// <param name="Number">The number of the event within its generation.</param>
/// <param name="Kind">What happened, such as <c>ActivityScheduled</c>. Later builds may know more kinds.</param>
/// <param name="At">When, by the clock of the worker that recorded it; it never goes back within a run.</param>
/// <param name="Data">The rest: names, ids, and payloads as far as this process can decode them.</param>
public sealed record RunEvent(string Position, string WorkflowId, Guid RunId, int Generation, long Number, string Kind, DateTimeOffset At, JsonElement Data);
