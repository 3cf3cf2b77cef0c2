// What the engine takes from the machine beside time: threads and random bits. One object, so that a simulation can put its own in its place.
using System.Security.Cryptography;

namespace Durable.Engine.Hosting;

/// <summary>Threads and randomness. Together with the <see cref="TimeProvider"/> and the store, everything that makes two runs of the engine differ.</summary>
internal class Machine
{
    /// <summary>The thread pool and the system's random numbers.</summary>
    public static Machine Real { get; } = new();

    /// <summary>Runs work soon, never on the caller's stack.</summary>
    /// <param name="work">Must not throw.</param>
    /// <param name="soonest">True: before what others have queued, on the core whose cache is warm for it.</param>
    public virtual void Queue(Action work, bool soonest = false) => ThreadPool.UnsafeQueueUserWorkItem(static action => action(), work, preferLocal: soonest);

    /// <summary>Runs a loop beside the caller.</summary>
    /// <returns>Ends when the loop has ended.</returns>
    public virtual Task Run(Func<Task> loop) => Task.Run(loop);

    /// <summary>A promise whose settlement runs nobody's code on the stack of who settles it.</summary>
    public virtual TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Random bits that nobody can guess.</summary>
    public virtual void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);

    /// <summary>A random number below 1, for spreading load.</summary>
    public virtual double NextDouble() => Random.Shared.NextDouble();

    /// <summary>Cancels without running the callbacks on the caller's stack: they may be user code.</summary>
    public void Cancel(CancellationTokenSource source) => Queue(source.Cancel);

    /// <summary>Tells all loops of a worker to end, in the same way.</summary>
    public virtual Task EndAsync(CancellationTokenSource source) => Run(() =>
    {
        source.Cancel();
        return Task.CompletedTask;
    });

    /// <summary>So many random bytes.</summary>
    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>A random id (UUID version 4).</summary>
    public Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
