// The programs, shaped after the samples, and what people do to programs.
namespace Durable.Testing.Tests.Mutations;

/// <summary>One way to change a program.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Mutants">All programs that it makes of one.</param>
internal sealed record Operator(string Name, Func<IReadOnlyList<Do>, IEnumerable<IReadOnlyList<Do>>> Mutants);

internal static class Corpus
{
    public static IReadOnlyList<(string Name, IReadOnlyList<Do> Program)> Programs { get; } =
    [
        ("hello", [Do.Step("where"), Do.Timer(1)]),
        ("order", [Do.Call("Charge"), new(Verb.Wait, "", 1), Do.Step("stamp"), new(Verb.Child, nameof(Packing)), Do.Call("Ship")]),
        ("packing", [new(Verb.Together, "", 0, Do.Call("Pick"), Do.Call("Pick"), Do.Step("label")), Do.Timer(2), Do.Call("Ship")]),
        ("refund", [Do.Call("Charge"), new(Verb.Branch, "", 3, Do.Call("Ship"), Do.Call("Refund")), Do.Step("close"), Do.Timer(5)]),
        ("telling", [Do.Step("begin"), new(Verb.Signal, "Poke@other"), new(Verb.Attribute, "state"), new(Verb.Signal, "Nudge@third"), Do.Timer(24), Do.Call("Refund")]),
        ("waiting", [new(Verb.Wait, "", 1), Do.Timer(1), new(Verb.Wait, "", 2), Do.Call("Charge"), new(Verb.Child, nameof(Wrapping))]),
    ];

    public static IReadOnlyList<Operator> Operators { get; } =
    [
        new("insert a step", program => Inserted(program, Do.Step("new"))),
        new("insert an activity", program => Inserted(program, Do.Call("Refund"))),
        new("insert a timer", program => Inserted(program, Do.Timer(1))),
        new("insert a child", program => Inserted(program, new Do(Verb.Child, nameof(Packing)))),
        new("remove an instruction", program => Enumerable.Range(0, program.Count).Select(i => With(program, i))),
        new("swap two neighbours", program => Enumerable.Range(0, program.Count - 1).Where(i => program[i].ToString() != program[i + 1].ToString()).Select(i => With(With(program, i), i + 1, insert: program[i]))),
        new("rename a step", program => Replaced(program, Verb.Step, old => old with { Name = old.Name + "-2" })),
        new("call another activity", program => Replaced(program, Verb.Call, old => old with { Name = old.Name == "Pick" ? "Ship" : "Pick" })),
        new("step becomes activity", program => Replaced(program, Verb.Step, _ => Do.Call("Pick"))),
        new("activity becomes step", program => Replaced(program, Verb.Call, old => Do.Step(old.Name))),
        new("timer becomes step", program => Replaced(program, Verb.Timer, _ => Do.Step("pause"))),
        new("change a timer's length", program => Replaced(program, Verb.Timer, old => old with { Number = old.Number + 7 })),
        new("swap a branch", program => Replaced(program, Verb.Branch, old => new Do(Verb.Branch, old.Name, old.Number, old.Parts[1], old.Parts[0]))),
        new("change a child's class", program => Replaced(program, Verb.Child, old => old with { Name = old.Name == nameof(Packing) ? nameof(Wrapping) : nameof(Packing) })),
        new("change a sent signal", program => Replaced(program, Verb.Signal, old => old with { Name = (old.Name.StartsWith("Poke", StringComparison.Ordinal) ? "Nudge@" : "Poke@") + old.Name.Split('@')[1] })),
        new("change a signal's receiver", program => Replaced(program, Verb.Signal, old => old with { Name = old.Name + "x" })),
        new("do not wait for a signal", program => Replaced(program, Verb.Wait, old => old with { Number = 0 })),
        new("wait for one more signal", program => Replaced(program, Verb.Wait, old => old with { Number = old.Number + 1 })),
        new("run neighbours side by side", program => Enumerable.Range(0, program.Count - 1).Select(i => With(With(program, i + 1), i, replace: new Do(Verb.Together, "", 0, program[i], program[i + 1])))),
        new("run parts one after the other", program => Enumerable.Range(0, program.Count).Where(i => program[i].What == Verb.Together).Select(i => (IReadOnlyList<Do>)[.. program.Take(i), .. program[i].Parts, .. program.Skip(i + 1)])),
        new("repeat an instruction", program => Enumerable.Range(0, program.Count).Select(i => With(program, i, insert: program[i]))),
        new("return earlier", program => Enumerable.Range(0, program.Count).Select(i => (IReadOnlyList<Do>)[.. program.Take(i)])),
        new("rename an attribute", program => Replaced(program, Verb.Attribute, old => old with { Name = old.Name + "2" })),
    ];

    private static IEnumerable<IReadOnlyList<Do>> Inserted(IReadOnlyList<Do> program, Do what) => Enumerable.Range(0, program.Count + 1).Select(i => With(program, i, insert: what));

    private static IEnumerable<IReadOnlyList<Do>> Replaced(IReadOnlyList<Do> program, Verb what, Func<Do, Do> change)
    {
        for (var i = 0; i < program.Count; i++)
        {
            if (program[i].What == what) yield return With(program, i, replace: change(program[i]));
            for (var part = 0; part < program[i].Parts.Count; part++)
                if (program[i].Parts[part].What == what) yield return With(program, i, replace: program[i] with { Parts = With(program[i].Parts, part, replace: change(program[i].Parts[part])) });
        }
    }

    private static IReadOnlyList<Do> With(IReadOnlyList<Do> program, int at, Do? insert = null, Do? replace = null) =>
        insert is not null ? [.. program.Take(at), insert, .. program.Skip(at)] : replace is not null ? [.. program.Take(at), replace, .. program.Skip(at + 1)] : [.. program.Take(at), .. program.Skip(at + 1)];
}
