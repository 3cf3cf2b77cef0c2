// What AddDurable hands to the host: which store, which workflows, which activities, which options.
using System.ComponentModel;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Durable.Engine.Hosting;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Durable;

/// <summary>Collects what a host registers. Calls add up: modules of one application may each call <c>AddDurable</c>.</summary>
/// <remarks>Faults are collected and reported all at once when the host starts (DUR1001, DUR1002, DUR1009).</remarks>
public sealed class DurableBuilder
{
    internal DurableBuilder(IServiceCollection services, DurableRegistrations registrations)
    {
        Services = services;
        Registrations = registrations;
    }

    /// <summary>The host's services, for providers and extensions.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public IServiceCollection Services { get; }

    internal DurableRegistrations Registrations { get; }

    /// <summary>Keeps everything in memory: for tests and trials. Nothing survives the process.</summary>
    public DurableBuilder UseInMemory() => UseStore(services => new InMemoryStore((TimeProvider?)services.GetService(typeof(TimeProvider)) ?? TimeProvider.System));

    /// <summary>Uses a storage provider. The last call wins, and that is logged.</summary>
    /// <param name="create">Makes the store when it is first needed; connection strings may be resolved here.</param>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public DurableBuilder UseStore(Func<IServiceProvider, IDurableStore> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        Registrations.StoreReplaced |= Registrations.Store is not null;
        Registrations.Store = create;
        return this;
    }

    /// <summary>Registers a workflow class. Its shape is checked when the host starts.</summary>
    /// <typeparam name="TWorkflow">A class with one <c>[Run]</c> method.</typeparam>
    /// <param name="configure">Options of this class, or null for the defaults.</param>
    public DurableBuilder AddWorkflow<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TWorkflow>(Action<WorkflowOptions>? configure = null) where TWorkflow : class
    {
        var options = new WorkflowOptions();
        configure?.Invoke(options);
        Registrations.Workflows.Add((typeof(TWorkflow), options));
        return this;
    }

    /// <summary>Registers activities: an interface, and the class whose instance each attempt gets from its own scope.</summary>
    /// <typeparam name="TActivities">The interface: its methods are the activities.</typeparam>
    /// <typeparam name="TImplementation">The class, resolved from the host's services (scoped unless registered otherwise).</typeparam>
    public DurableBuilder AddActivities<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TActivities, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TImplementation>() where TActivities : class where TImplementation : class, TActivities
    {
        Registrations.Activities.Add(typeof(TActivities));
        Services.TryAddScoped<TActivities, TImplementation>();
        return this;
    }

    /// <summary>Registers activities with one instance for all attempts: fakes in tests, thread-safe singletons.</summary>
    /// <typeparam name="TActivities">The interface. Declare the variable as the interface, or its class is inferred (DUR1001).</typeparam>
    /// <param name="instance">The instance.</param>
    public DurableBuilder AddActivities<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TActivities>(TActivities instance) where TActivities : class
    {
        ArgumentNullException.ThrowIfNull(instance);
        Registrations.Activities.Add(typeof(TActivities));
        Services.RemoveAll<TActivities>();
        Services.AddSingleton(instance);
        return this;
    }

    /// <summary>Registers a session type for <see cref="WorkflowContext.TransactAsync{TSession, TResult}"/>: a repository, a unit of work, EF Core's <c>DbContext</c>.</summary>
    /// <remarks>For EF Core: make the context with options on <c>transaction.Connection</c>, without <c>EnableRetryOnFailure</c>, call <c>Database.UseTransaction(transaction)</c>, and
    /// save inside the work. The session is disposed before the commit; connection and transaction are the engine's.</remarks>
    /// <typeparam name="TSession">What the work asks for. The store's own transaction type needs no registration.</typeparam>
    /// <param name="create">Makes the session of one attempt, from the attempt's scope and the open transaction.</param>
    public DurableBuilder AddTransactional<TSession>(Func<IServiceProvider, DbTransaction, TSession> create) where TSession : class
    {
        ArgumentNullException.ThrowIfNull(create);
        Registrations.Sessions[typeof(TSession)] = create;
        return this;
    }

    /// <summary>Changes the options of this engine; <c>services.Configure&lt;DurableOptions&gt;(section)</c> works as well.</summary>
    /// <param name="configure">Sets options.</param>
    public DurableBuilder Configure(Action<DurableOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    /// <summary>Adds to the JSON contract that payloads are written and read with: converters, a source-generated resolver.</summary>
    /// <param name="configure">Changes the options. A change that alters stored JSON breaks open runs; a warning is logged at start when the fingerprint differs.</param>
    public DurableBuilder ConfigureJson(Action<JsonSerializerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Registrations.Json += configure;
        return this;
    }

    /// <summary>Passes every payload through a codec on its way to and from the store (compression, encryption): arguments, results, heartbeats, failure text.</summary>
    /// <typeparam name="TCodec">The codec, resolved from the host's services as a singleton.</typeparam>
    public DurableBuilder AddCodec<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TCodec>() where TCodec : PayloadCodec
    {
        Services.TryAddSingleton<TCodec>();
        Registrations.Codec = static services => (PayloadCodec)services.GetRequiredService(typeof(TCodec));
        return this;
    }

    /// <summary>Adds no worker: this process starts and asks, others run.</summary>
    public DurableBuilder WithoutWorker()
    {
        Registrations.WithoutWorker = true;
        return this;
    }
}
