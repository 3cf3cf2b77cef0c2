// What a placement says: the groups, and the server of each.
namespace Durable.Storage.Postgres;

/// <summary>Where the groups of a database are.</summary>
/// <param name="Modulus">How many shard values there are; the stored one must be the same.</param>
/// <param name="Groups">Every shard value is in exactly one of them.</param>
internal sealed record PlacementMap(int Modulus, IReadOnlyList<PlacedGroup> Groups);

/// <summary>A group and the server that holds it.</summary>
/// <param name="Group">The group. Its number and its shards stay the same while the database lives; its home shard is its lowest.</param>
/// <param name="Host">The server, or null for what the connection string names.</param>
/// <param name="Port">Its port, or null for that of the connection string.</param>
internal sealed record PlacedGroup(ShardGroup Group, string? Host, int? Port);
