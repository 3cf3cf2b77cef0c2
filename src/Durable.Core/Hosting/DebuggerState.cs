// Whether a debugger was attached when the services were put together; a test says so without one.
namespace Durable.Engine.Hosting;

/// <summary>What the engine knows of a debugger.</summary>
/// <param name="IsAttached">True if one is attached.</param>
internal sealed record DebuggerState(bool IsAttached);
