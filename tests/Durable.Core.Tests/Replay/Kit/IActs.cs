// The activities that the test workflows call.
namespace Durable.Core.Tests.Replay;

public interface IActs
{
    Task<string> EchoAsync(string text);

    Task<int> AddAsync(int a, int b);

    Task DoAsync(string text);

    /// <summary>Gives up, with its argument as the message.</summary>
    Task<string> FailAsync(string message);

    /// <summary>Gets no result from the bench.</summary>
    Task<string> NeverAsync(string text);

    Task<string> StoppableAsync(string text, CancellationToken cancellationToken);

    Task<Item> ItemAsync(Item item);
}

/// <summary>A second group, for With and for divergences.</summary>
public interface IOtherActs
{
    Task<string> EchoAsync(string text);
}

public record Item(string Name, int Count = 1);
