// Updates: a message, and a document that says what became of it (DECISIONS 16).
using System.Linq.Expressions;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Sends updates and waits for their answers.</summary>
internal sealed class RunUpdates(ClientCore core, RunMail mail, RunWaiter waiter)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(250);      // four reads a second for each waiting caller, by key

    /// <summary>Sends an update and waits until it is answered.</summary>
    /// <returns>The answer as JSON; empty for none.</returns>
    public async Task<(string Name, byte[] Answer)> UpdateAsync(RunTarget target, Type workflow, LambdaExpression update, UpdateOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        var call = CallExpression.OfMethod(update, "UpdateAsync");
        var (name, types) = Members.Update(workflow, call.Member);
        Check.Handler(call.Member, "[Update]", ResultShape.IsTask, "An [Update] method returns Task or Task<T>.");
        return await UpdateAsync(target, name, call.Arguments, types, options, cancellationToken);
    }

    /// <summary>The same, with typed arguments.</summary>
    public async Task<(string Name, byte[] Answer)> UpdateAsync(RunTarget target, string name, object?[] given, Type[] types, UpdateOptions? options, CancellationToken cancellationToken)
    {
        var id = options?.Id is { } chosen ? Check.Name(chosen, "The update id") : core.Services.Machine.NewGuid().ToString();
        var arguments = core.Serializer.EncodeArguments(given, types, $"Update '{name}'");
        var request = Check.Document(() => new UpdateRequest(id, JsonText.Element(arguments)), HistoryJson.Default.UpdateRequest, core.Serializer, $"Update '{name}'");

        await core.WriteAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        var known = options?.Id is null ? null : await ReadAsync(run, id, cancellationToken);
        if (IsFinal(known)) return (name, AnswerOf(known!));
        if (RunLifecycle.IsClosed(run.Status)) throw RunInfos.Closed(run, $"Update '{name}'");
        if (known is null)
        {
            var message = core.Message(run, EventKind.UpdateReceived, name, request, ClientCore.SenderOf("update", run.RunId, id));
            if (!await mail.TryPostAsync(run, message, cancellationToken) && !IsFinal(await ReadAsync(run, id, cancellationToken))) throw RunInfos.Closed(run, $"Update '{name}'");
        }

        return (name, await waiter.WatchAsync(run, token => AwaitAsync(run, name, id, token), cancellationToken));
    }

    private async Task<byte[]> AwaitAsync(RunRecord run, string name, string id, CancellationToken cancellationToken)
    {
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            // The status first: what is not in the document then, after a close, never will be.
            var statuses = await core.Store.ReadStatusesAsync([run.RunId], cancellationToken);
            var answer = await ReadAsync(run, id, cancellationToken);
            if (IsFinal(answer)) return AnswerOf(answer!);
            if (statuses.Count == 0 || RunLifecycle.IsClosed(statuses[0].Status))
                throw RunInfos.Closed(await core.Store.FindRunAsync(run.Namespace, null, run.RunId, cancellationToken) ?? run, $"The answer of update '{name}'");
            await Task.Delay(delay, core.Clock, cancellationToken);
        }
    }

    private async Task<UpdateAnswer?> ReadAsync(RunRecord run, string id, CancellationToken cancellationToken) =>
        await core.Store.FindDocumentAsync(run.Namespace, "update", $"{run.RunId:N}/{id}", cancellationToken) is { } document
            ? JsonSerializer.Deserialize(Codecs.DecodeDocument(core.Serializer.Codec, document.Json, run.Namespace, run.RunId), HistoryJson.Default.UpdateAnswer)
            : null;

    private static bool IsFinal(UpdateAnswer? answer) => answer is { State: "answered" or "failed" or "rejected" };

    private static byte[] AnswerOf(UpdateAnswer answer) => answer.State switch
    {
        "answered" => answer.Answer is { } value ? JsonText.Of(value) : [],
        "rejected" => throw new UpdateRejectedException(answer.Failure!),
        _ => throw new UpdateRejectedException(answer.Failure!, DurableErrorCodes.UpdateFailed),
    };
}
