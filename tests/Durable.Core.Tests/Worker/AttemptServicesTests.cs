// An attempt's scope of DI: begun by the first service that needs it, ended with the attempt.
using Durable.Engine.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Core.Tests.Worker;

[TestFixture]
public sealed class AttemptServicesTests
{
    private readonly string instance = "one for all";

    [Test]
    public async Task A_registered_instance_needs_no_scope_and_what_else_is_asked_for_begins_one_with_the_attempts_context()
    {
        var registered = new ServiceCollection();
        registered.AddScoped<AttemptScope>();
        registered.AddScoped<Resource>();
        await using var root = registered.BuildServiceProvider();
        var scopes = new Scopes(root);
        var context = new AttemptContext(default, root, null!);
        var services = new AttemptServices(scopes, new Dictionary<Type, object> { [typeof(string)] = instance }) { Context = context };
        Assert.That(services.GetRequiredService<string>(), Is.SameAs(instance));
        Assert.That(scopes.Begun, Is.Zero);
        var resource = services.GetRequiredService<Resource>();
        Assert.That(services.GetRequiredService<Resource>(), Is.SameAs(resource));
        Assert.That(services.GetRequiredService<AttemptScope>().Context, Is.SameAs(context));
        Assert.That(scopes.Begun, Is.EqualTo(1));
        await services.DisposeAsync();
        Assert.That(resource.IsDisposed, Is.True);
    }

    [Test]
    public async Task After_the_attempt_no_scope_begins()
    {
        await using var root = new ServiceCollection().BuildServiceProvider();
        var services = new AttemptServices(new Scopes(root), new Dictionary<Type, object>());
        await services.DisposeAsync();
        Assert.That(() => services.GetService(typeof(Resource)), Throws.InstanceOf<ObjectDisposedException>());
    }

    private sealed class Scopes(IServiceProvider root) : IServiceScopeFactory
    {
        public int Begun { get; private set; }

        public IServiceScope CreateScope()
        {
            Begun++;
            return root.CreateScope();
        }
    }

    private sealed class Resource : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
