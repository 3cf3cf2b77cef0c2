namespace Durable;

/// <summary>What becomes of the open runs of a restored or copied database. See <see cref="DurableClient.AcceptRestoredStoreAsync"/>.</summary>
public enum RestoredStorePolicy
{
    /// <summary>They go on from where the copy was made: for a restore after a disaster. Activities that ran since then run again.</summary>
    Continue,

    /// <summary>All of them are paused, and go on one by one with <see cref="RunHandle.ResumeAsync"/>:
    /// for a copy whose original is still alive, such as a staging system.</summary>
    HoldAllRuns,
}
