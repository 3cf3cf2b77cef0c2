namespace Durable;

/// <summary>Options of the SQLite store.</summary>
public sealed class SqliteOptions
{
    /// <summary>
    /// True (default): a commit is on the disk before anything it caused happens (<c>synchronous=FULL</c>). False: after a loss of power, not
    /// after a crash of the process, the last commits may be gone (<c>NORMAL</c>); activities that ran since then run again.
    /// </summary>
    public bool FullSync { get; set; } = true;

    /// <summary>
    /// True lets several processes open the file although the SQLite library is older than 3.51.3, where two writing processes can damage it. Default: false, a second
    /// process is refused with DUR1011. From 3.51.3 on, sharing needs no option.
    /// </summary>
    public bool AllowSharedFile { get; set; }

    /// <summary>How long a call waits for somebody else's lock before it is told: a quarter of the usual lease, so that none is lost by waiting.</summary>
    internal TimeSpan BusyLimit { get; set; } = TimeSpan.FromSeconds(5);
}
