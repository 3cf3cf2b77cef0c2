// Mailboxes: buffers inside the execution. Every item is an event when it arrives, whether or not somebody waits (D9).
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>All mailboxes of a run, and items for mailboxes that do not exist (yet).</summary>
internal sealed class Mailboxes(WorkflowExecution execution)
{
    private static readonly Dictionary<string, IMailbox> None = [];
    private Dictionary<string, IMailbox> boxes = None;   // most runs have none
    private List<EventRecord>? homeless;

    /// <summary>Items that nobody has received, oldest first per mailbox.</summary>
    public IEnumerable<EventRecord> Unread => boxes.Values.SelectMany(box => box.Unread).Concat(homeless ?? []).OrderBy(row => row.Seq);

    /// <summary>Names of the mailboxes in which somebody waits.</summary>
    public IEnumerable<string> Awaited => boxes.Where(box => box.Value.HasWaiters).Select(box => box.Key);

    /// <summary>Makes a mailbox; items that came before it are in it.</summary>
    public Mailbox<T> Create<T>(string name) where T : class
    {
        Operations.CheckName(name, "A mailbox's name");
        if (boxes.ContainsKey(name)) throw new DurableException(DurableErrorCodes.RequestInvalid, $"The mailbox '{name}' exists already. Each mailbox is one property: give it another name.");
        var box = new Box<T>(execution, name);
        if (boxes == None) boxes = new(StringComparer.Ordinal);
        boxes.Add(name, box);
        foreach (var row in homeless?.Where(row => row.Target == name).ToList() ?? [])
        {
            homeless!.Remove(row);
            box.Deliver(row);
        }

        return box;
    }

    /// <summary>Applies an item.</summary>
    public void Deliver(EventRecord row)
    {
        if (execution.End is null && boxes.TryGetValue(row.Target ?? "", out var box)) box.Deliver(row);      // behind the end nobody receives: it stays unread
        else (homeless ??= []).Add(row);
    }

    private interface IMailbox
    {
        IEnumerable<EventRecord> Unread { get; }

        bool HasWaiters { get; }

        void Deliver(EventRecord row);
    }

    private sealed class Box<T>(WorkflowExecution execution, string name) : Mailbox<T>, IMailbox where T : class
    {
        private readonly Queue<EventRecord> items = new();
        private readonly LinkedList<TimedWait<T?>> waiters = new();

        public override int Count => items.Count;

        public IEnumerable<EventRecord> Unread => items;

        public bool HasWaiters => waiters.Count > 0;

        public override Task<T> ReceiveAsync(CancellationToken cancellationToken = default) => ReceiveAsync(null, cancellationToken)!;

        public override Task<T?> ReceiveAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
        {
            if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout must not be negative.");
            return ReceiveAsync(timeout == Timeout.InfiniteTimeSpan ? null : (TimeSpan?)timeout, cancellationToken);
        }

        public void Deliver(EventRecord row)
        {
            if (waiters.First is not { } first)
            {
                items.Enqueue(row);
                return;
            }

            waiters.RemoveFirst();
            if (Read(row, out var item)) first.Value.Complete(item);
        }

        private Task<T?> ReceiveAsync(TimeSpan? timeout, CancellationToken token)
        {
            if (token.IsCancellationRequested) return Task.FromCanceled<T?>(token);
            if (!execution.MayCommand($"{name}.ReceiveAsync")) return new TaskCompletionSource<T?>().Task;
            if (items.TryPeek(out var row))
            {
                if (!Read(row, out var item)) return new TaskCompletionSource<T?>().Task;
                items.Dequeue();
                return Task.FromResult(item);
            }

            if (timeout == TimeSpan.Zero) return Task.FromResult<T?>(null);
            var wait = new TimedWait<T?>(execution, $"mailbox {name}", timeout, null, lost => waiters.Remove(lost), token);
            waiters.AddLast(wait);
            return wait.Task;
        }

        private bool Read(EventRecord row, out T? item)
        {
            item = null;
            try
            {
                item = execution.Decode<T>(row, $"Item of mailbox '{name}'");
                return true;
            }
            catch (DurableException error)
            {
                execution.Hold(new Verdict(error.Code, error.Message) { Row = row.Seq });
                return false;
            }
        }
    }
}
