// A TCP proxy before the server. On demand it cuts the next connection that commits: before, while or after the server did it.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Durable.Chaos.Faults;

/// <summary>Where a commit is cut off.</summary>
internal enum CutPlace
{
    /// <summary>It never reaches the server.</summary>
    Before,

    /// <summary>It reaches the server, and both sides are reset at once.</summary>
    During,

    /// <summary>The server has answered, and the answer is dropped.</summary>
    After,
}

/// <summary>Forwards everything, until it is armed.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int server;
    private readonly Task accepting;
    private int armed = -1;
    private volatile bool lanesOnly;
    private readonly ConcurrentDictionary<Line, byte> lines = new();
    private int abandoned;

    public CutProxy(int server)
    {
        this.server = server;
        listener.Start(200);
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = Task.Run(AcceptAsync);
    }

    public int Port { get; }

    /// <summary>Called for each commit that was cut: where, and whether it was a lane's.</summary>
    public Action<CutPlace, bool>? Cut { get; set; }

    /// <summary>The next commit is cut there.</summary>
    /// <param name="place">Where.</param>
    /// <param name="lanes">True: only one of a lane counts.</param>
    public void Arm(CutPlace place, bool lanes)
    {
        lanesOnly = lanes;
        Volatile.Write(ref armed, (int)place);
    }

    /// <summary>Connections that were silent until their client gave them up.</summary>
    public int Abandoned => abandoned;

    /// <summary>About so many in a hundred of the open connections are a black hole from now on: both sides may send, nothing arrives, nobody is told.</summary>
    public int Silence(int percent, Random random)
    {
        var some = lines.Keys.Where(line => !line.IsSilent && random.Next(100) < percent).ToList();
        foreach (var line in some) line.IsSilent = true;
        return some.Count;
    }

    /// <summary>Cuts no more.</summary>
    public void Disarm() => Volatile.Write(ref armed, -1);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptSocketAsync(stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var upstream = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            var line = new Line();
            lines[line] = 0;
            try
            {
                await upstream.ConnectAsync(IPAddress.Loopback, server, stop.Token);
                await Task.WhenAny(UpAsync(client, upstream, line), DownAsync(upstream, client, line));
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // The server is down: the client sees its connection refused.
            }

            lines.TryRemove(line, out _);
            if (line.IsSilent && !stop.IsCancellationRequested) Interlocked.Increment(ref abandoned);
            Reset(client);
            Reset(upstream);
        }
    }

    private async Task UpAsync(Socket client, Socket upstream, Line line)
    {
        var buffer = new byte[64 * 1024];
        var reader = new FrontendReader();
        for (int count; (count = await ReceiveAsync(client, buffer)) > 0;)
        {
            var place = reader.Read(buffer.AsSpan(0, count)) && (reader.IsLane || !lanesOnly) ? (CutPlace)Interlocked.Exchange(ref armed, -1) : (CutPlace)(-1);
            if ((int)place >= 0) Cut?.Invoke(place, reader.IsLane);
            if (place == CutPlace.Before) return;
            if (place == CutPlace.After) line.IsMute = true;
            if (line.IsSilent) continue;
            if (!await SendAsync(upstream, buffer.AsMemory(0, count)) || place == CutPlace.During) return;
        }
    }

    private async Task DownAsync(Socket upstream, Socket client, Line line)
    {
        var buffer = new byte[64 * 1024];
        for (int count; (count = await ReceiveAsync(upstream, buffer)) > 0;)
        {
            if (line.IsSilent) continue;
            if (!line.IsMute)
            {
                if (!await SendAsync(client, buffer.AsMemory(0, count))) return;
            }
            else if (IsReady(buffer.AsSpan(0, count))) return;         // the transaction is over on the server's side
        }
    }

    // The reply to a batch ends with ReadyForQuery, not in a transaction.
    private static bool IsReady(ReadOnlySpan<byte> bytes) => bytes.EndsWith((ReadOnlySpan<byte>)[(byte)'Z', 0, 0, 0, 5, (byte)'I']);

    private async Task<int> ReceiveAsync(Socket from, byte[] buffer)
    {
        try
        {
            return await from.ReceiveAsync(buffer, stop.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private async Task<bool> SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, stop.Token)..];
            return true;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    private sealed class Line
    {
        public volatile bool IsMute;

        public volatile bool IsSilent;
    }
}
