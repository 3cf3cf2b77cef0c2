// Everything that calls of AddDurable have collected.
using System.Data.Common;
using System.Text.Json;
using Durable.Storage;

namespace Durable.Engine.Hosting;

/// <summary>The registrations of one engine.</summary>
internal sealed class DurableRegistrations
{
    public List<(Type Type, WorkflowOptions Options)> Workflows { get; } = [];

    public List<Type> Activities { get; } = [];

    public Dictionary<Type, Func<IServiceProvider, DbTransaction, object>> Sessions { get; } = [];

    public Func<IServiceProvider, IDurableStore>? Store { get; set; }

    public bool StoreReplaced { get; set; }

    public Action<JsonSerializerOptions>? Json { get; set; }

    public Func<IServiceProvider, PayloadCodec>? Codec { get; set; }

    public bool WithoutWorker { get; set; }
}
