namespace Durable.Engine.Client;
internal static class EngineClientStub { }
