// Files that are approved by hand: a test compares, and writes what it got beside them when they differ.
namespace Durable.Core.Tests;

internal static class Approved
{
    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = Find();

    /// <summary>The folder of this project's sources.</summary>
    public static string Folder { get; } = Path.Combine(Root, "tests", "Durable.Core.Tests");

    /// <summary>Compares a text with an approved file. To accept a change, copy the received file over it.</summary>
    public static void File(string name, string received)
    {
        var path = Path.Combine(Folder, name);
        var approved = System.IO.File.Exists(path) ? System.IO.File.ReadAllText(path).ReplaceLineEndings("\n") : null;
        if (received == approved) return;
        var beside = path.Replace(".approved.", ".received.", StringComparison.Ordinal);
        System.IO.File.WriteAllText(beside, received);
        Assert.That(received, Is.EqualTo(approved), $"{name} has changed. If that is intended, replace it by {Path.GetFileName(beside)}.");
    }

    // Not by the caller's file path: builds of the CI map it away.
    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Durable.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("Durable.sln was not found above the test's binaries.");
    }
}
