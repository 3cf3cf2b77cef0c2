// Registers fakes.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Durable.Testing;

/// <summary>Fakes for activities, in one line each.</summary>
public static class FakeExtensions
{
    /// <summary>Registers activities that do nothing and answer with empty results.</summary>
    /// <typeparam name="TActivities">The interface.</typeparam>
    /// <param name="durable">The builder.</param>
    public static DurableBuilder AddFake<TActivities>(this DurableBuilder durable) where TActivities : class => durable.AddFake(new ActivityFake<TActivities>());

    /// <summary>Registers a fake for activities. It replaces an implementation that was registered before.</summary>
    /// <typeparam name="TActivities">The interface.</typeparam>
    /// <param name="durable">The builder.</param>
    /// <param name="fake">The fake.</param>
    public static DurableBuilder AddFake<TActivities>(this DurableBuilder durable, ActivityFake<TActivities> fake) where TActivities : class
    {
        ArgumentNullException.ThrowIfNull(durable);
        ArgumentNullException.ThrowIfNull(fake);
        durable.Registrations.Activities.Add(typeof(TActivities));
        durable.Services.RemoveAll<TActivities>();
        durable.Services.AddScoped(services => fake.For(services.GetRequiredService<ActivityContext>()));
        return durable;
    }
}
