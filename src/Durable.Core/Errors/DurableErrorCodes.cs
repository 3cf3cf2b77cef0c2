namespace Durable;

/// <summary>The stable codes of <see cref="DurableException.Code"/>. 1xxx: setup. 2xxx: requests. 3xxx: outcomes. 4xxx: determinism. 5xxx: the store.</summary>
/// <remarks>A code never changes its meaning and is never used again. The message beside it names the value at fault; here are cause and fix.</remarks>
public static class DurableErrorCodes
{
    /// <summary>DUR1001. Cause: a registration cannot work: a member of the wrong shape, two <c>[Run]</c> methods, a constructor parameter that workflows may not have.
    /// Fix: the message lists every fault at once with the change that mends it.</summary>
    public const string RegistrationInvalid = "DUR1001";

    /// <summary>DUR1002. Cause: options are out of range or contradict each other. Fix: the message
    /// lists every one with its range; the host starts when none is left.</summary>
    public const string OptionsInvalid = "DUR1002";

    /// <summary>DUR1003. Cause: the native SQLite library was not found for this platform. Fix: publish
    /// with the runtime's native assets, or install SQLite on the machine.</summary>
    public const string SqliteLibraryMissing = "DUR1003";

    /// <summary>DUR1004. Cause: the SQLite library is older than the engine's statements need. Fix:
    /// update the package that brings it, or the machine's library.</summary>
    public const string SqliteTooOld = "DUR1004";

    /// <summary>DUR1005. Cause: the database was migrated by a newer release and no longer accepts this
    /// build. Fix: deploy at least the release that the message names.</summary>
    public const string SchemaNewer = "DUR1005";

    /// <summary>DUR1006. Cause: another process or a tool holds a lock on the database file. Fix: close it, or wait for it to end.</summary>
    public const string DatabaseFileLocked = "DUR1006";

    /// <summary>DUR1007. Cause: the disk of the database is full, or a quota is reached. Fix: make
    /// room; work goes on by itself, nothing that was accepted is lost.</summary>
    public const string DiskFull = "DUR1007";

    /// <summary>DUR1008. Cause: a migration that was applied to the database has another content than the one in this build. Fix: use an unmodified package; compare
    /// the schema with the release that applied it.</summary>
    public const string MigrationChanged = "DUR1008";

    /// <summary>DUR1009. Cause: two registered classes have the same workflow name and version. Fix: give one of
    /// them a name or version of its own with <see cref="WorkflowAttribute"/>.</summary>
    public const string DuplicateWorkflow = "DUR1009";

    /// <summary>DUR1010. Cause: the database was restored or copied from another place; working on it could repeat effects that happened since. Fix: decide, then call
    /// <see cref="DurableClient.AcceptRestoredStoreAsync"/>.</summary>
    public const string StoreRestored = "DUR1010";

    /// <summary>DUR1011. Cause: a second process opened the file with an SQLite library below 3.51.3, which can corrupt it. Fix: update SQLite, stop the other
    /// process, or accept the risk with the SQLite options.</summary>
    public const string DatabaseFileShared = "DUR1011";

    /// <summary>DUR1012. Cause: the transaction given to the client or to a transactional step belongs to another database or another provider, or the store has no
    /// transactions of users. Fix: begin it on a connection to the engine's own database.</summary>
    public const string TransactionForeign = "DUR1012";

    /// <summary>DUR1013. Cause: the PostgreSQL server is older than 13. Fix: upgrade it; every release that is still maintained works.</summary>
    public const string PostgresTooOld = "DUR1013";

    /// <summary>DUR1014. Cause: the database role lacks a right. Fix: grant the right that the message names, or migrate with another role.</summary>
    public const string RightMissing = "DUR1014";

    /// <summary>DUR1015. Cause: the schema is missing, behind this build, or holds half of a migration, and this process may not migrate it. Fix: run the
    /// migrations or the script with a role that may.</summary>
    public const string SchemaNotReady = "DUR1015";

    /// <summary>DUR1016. Cause: the address, the database or the credentials of the connection string are wrong. Fix: correct what the message names.</summary>
    public const string ConnectionRefused = "DUR1016";

    /// <summary>DUR1017. Cause: the database is not spread over its servers as the store needs it: the extension is missing, a table is not distributed, or by another column, or apart
    /// from its kin; or an address leads to another server of the cluster than the one that is meant. Fix: the message names table, column or server, and the statement that mends it.</summary>
    public const string PlacementUnfit = "DUR1017";

    /// <summary>DUR1018. Cause: an engine that speaks PostgreSQL's protocol failed a trial of what the store's statements rely on. Fix: the message names the trial and what to
    /// set; an engine that cannot do it cannot hold the store.</summary>
    public const string EngineUnfit = "DUR1018";

    /// <summary>DUR2000. Cause: the request itself is wrong: an expression that is not one call of a marked member, an option out of range. Fix: the message shows the form that is
    /// expected.</summary>
    public const string RequestInvalid = "DUR2000";

    /// <summary>DUR2001. Cause: no run has the id in this namespace, it was purged, or a token was not given out by a run. Fix: check id and namespace.</summary>
    public const string RunNotFound = "DUR2001";

    /// <summary>DUR2002. Cause: a run with the id exists, and the policies of the start refuse another.
    /// Fix: use <see cref="StartOptions.Once"/> if the same request may come twice,
    /// or another policy or id.</summary>
    public const string RunAlreadyStarted = "DUR2002";

    /// <summary>DUR2003. Cause: the run is in a state that the verb does not fit, such as purging an
    /// open run. Fix: the message names the state and what fits it.</summary>
    public const string RunInWrongState = "DUR2003";

    /// <summary>DUR2004. Cause: the validator of the update threw. Fix: correct the arguments;
    /// <see cref="UpdateRejectedException.Failure"/> says what is wrong.</summary>
    public const string UpdateRejected = "DUR2004";

    /// <summary>DUR2005. Cause: a payload cannot be written as or read from JSON: a required member
    /// is missing, a derived type is not declared, a codec or key is missing.
    /// Fix: make the type read what is stored; a run that was held goes on then.</summary>
    public const string PayloadUnreadable = "DUR2005";

    /// <summary>DUR2006. Cause: a query has to replay the run here, but this process has not registered its class. Fix: ask a process that has, or register it here
    /// without a worker.</summary>
    public const string WorkflowNotHere = "DUR2006";

    /// <summary>DUR2007. Cause: arguments, a result or a message are larger than
    /// <see cref="DurableOptions.MaxPayloadBytes"/> or <see cref="ActivityOptions.MaxResultBytes"/>. Fix:
    /// keep
    /// the data elsewhere and pass its key.</summary>
    public const string PayloadTooLarge = "DUR2007";

    /// <summary>DUR2008. Cause: an id or a name is longer than the store takes. Fix: shorten it; the message says how long it may be.</summary>
    public const string NameTooLong = "DUR2008";

    /// <summary>DUR2009. Cause: about 10,000 messages wait for the run already. Fix: slow the senders down, or see
    /// with <see cref="RunHandle.ExplainAsync"/> why the run does not take them.</summary>
    public const string InboxFull = "DUR2009";

    /// <summary>DUR2010. Cause: a signal, message, update or cancel came for a run that has closed. Fix: none needed if the run was to end; else start another, or use
    /// <see cref="DurableClient.SignalWithStartAsync{TWorkflow}"/>.</summary>
    public const string RunClosed = "DUR2010";

    /// <summary>DUR2011. Cause: an update was accepted and recorded, and its method threw. Fix: <see cref="UpdateRejectedException.Failure"/> has the exception,
    /// and the history the update.</summary>
    public const string UpdateFailed = "DUR2011";

    /// <summary>DUR3001. Cause: workflow code let an exception out. Fix: <see cref="RunFailedException.Failure"/> has it, with its stack trace.</summary>
    public const string RunFailed = "DUR3001";

    /// <summary>DUR3002. Cause: somebody asked the run to cancel, and it did. Fix: none; the history has the reason.</summary>
    public const string RunCancelled = "DUR3002";

    /// <summary>DUR3003. Cause: an operator or a policy terminated the run. Fix: none; the failure has the reason. Its compensations did not run.</summary>
    public const string RunTerminated = "DUR3003";

    /// <summary>DUR3004. Cause: the run was open longer than its time-out. Fix:
    /// <see cref="RunHandle.ExplainAsync"/> and the history say what it waited for; or allow more
    /// time.</summary>
    public const string RunTimedOut = "DUR3004";

    /// <summary>DUR3005. Cause: the generation has too many events, bytes, pending commands or unread messages. Fix: continue as new when
    /// <see cref="WorkflowContext.ContinueAsNewSuggested"/> says so; spread the work over child runs; the limits are in <see cref="DurableOptions"/>.</summary>
    public const string HistoryLimit = "DUR3005";

    /// <summary>DUR3006. Cause: more operations are pending in one run than <c>MaxPendingCommands</c> (2,000) allows.
    /// Fix: bound the fan-out (<c>ForEachAsync</c>), split the work over child runs, or raise the option.</summary>
    public const string PendingLimit = "DUR3006";

    /// <summary>DUR3101. Cause: an activity or step failed, and its policy allows no other attempt. Fix:
    /// <see cref="ActivityFailedException.Failure"/> has the last attempt's exception.</summary>
    public const string ActivityGaveUp = "DUR3101";

    /// <summary>DUR3102. Cause: an activity or step took longer than its time-outs allow, or was silent
    /// longer than its heartbeat. Fix: allow more, or make it obey its token and
    /// report progress.</summary>
    public const string ActivityTimedOut = "DUR3102";

    /// <summary>DUR3103. Cause: an <see cref="ActivityOptions.AtMostOnce"/> activity was under way when
    /// its process died, and nobody knows whether it had its effect. Fix: look at the
    /// other side, then compensate or go on.</summary>
    public const string ActivityInDoubt = "DUR3103";

    /// <summary>DUR4001. Cause: workflow code asked for something else than its history has at this place, mostly because the code changed. Fix: guard the change with
    /// <see cref="WorkflowContext.Patched"/> or a new version, and deploy; the run goes on. The message shows both sides.</summary>
    public const string Diverged = "DUR4001";

    /// <summary>DUR4002. Cause: workflow code did something that cannot be replayed, such as <c>Task.Run</c>,
    /// a real clock, I/O or a blocking wait. Fix: do it in an activity or step, or with
    /// the durable counterpart that the message names.</summary>
    public const string NotDurable = "DUR4002";

    /// <summary>DUR5001. Cause: the database cannot be reached or refuses the work. Fix: the inner exception says why; workers try again by themselves.</summary>
    public const string StoreUnavailable = "DUR5001";

    /// <summary>DUR5002. Cause: a stored history has a gap or a wrong checksum. Fix: the run is held; restore its rows from a backup, or terminate it.</summary>
    public const string HistoryBroken = "DUR5002";

    /// <summary>DUR5003. Cause: a history has an event of a kind that this build does not know, written
    /// by a newer one. Fix: the run is held; deploy the newer release.</summary>
    public const string EventUnknown = "DUR5003";

    /// <summary>DUR5004. Cause: the connection broke during a commit, so nobody knows whether it counted. Fix: send
    /// the request again under the same id; what is idempotent is not done twice.</summary>
    public const string CommitInDoubt = "DUR5004";

    /// <summary>DUR5005. Cause: a shard group refuses a row that a run of another group sends to one of its runs: a constraint, a trigger, a right, a column that is missing there. Fix: mend
    /// what the log names; the row is kept and tried again, and what its sender sends there after it waits.</summary>
    public const string CrossingRefused = "DUR5005";
}
