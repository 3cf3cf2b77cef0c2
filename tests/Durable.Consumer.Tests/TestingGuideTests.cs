// docs/testing.md, followed word for word by somebody who has only the packages.
namespace Durable.Consumer.Tests;

[TestFixture]
public sealed class TestingGuideTests
{
    [Test]
    public void A_person_gets_from_an_empty_folder_to_a_replay_test_that_failed_and_was_fixed()
    {
        using var workshop = new Workshop();
        workshop.Pack("Durable.Core");
        workshop.Pack("Durable.Testing");
        var (said, commands) = ("", 0);
        foreach (var block in Guide.Of(File.ReadAllText(Path.Combine(workshop.Repository, "docs", "testing.md")), "From an empty folder to a replay test"))
        {
            switch (block.Language)
            {
                case "sh":
                    commands++;
                    foreach (var line in block.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    {
                        var (code, text) = workshop.Run(workshop.Folder, line["dotnet ".Length..]);
                        said = text;
                        Assert.That(code, block.File == "fails" ? Is.Not.Zero : Is.Zero, $"{line}\n{text}");
                    }

                    break;
                case "text":
                    foreach (var line in block.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.That(said.ReplaceLineEndings(" "), Does.Contain(line));
                    break;
                default:
                    Write(Path.Combine(workshop.Folder, block.File), block);
                    break;
            }
        }

        Assert.That(commands, Is.EqualTo(3), "green, red, green");
        Assert.That(File.Exists(Path.Combine(workshop.Folder, "histories", "unpaid.json")), Is.True);
    }

    private static void Write(string file, Block block)
    {
        if (!block.IsReplacement)
        {
            File.WriteAllText(file, block.Text);
            return;
        }

        var parts = block.Text.Split("---\n");
        var before = File.ReadAllText(file);
        Assert.That(before.Split(parts[0]), Has.Length.EqualTo(2), $"'{parts[0]}' stands once in {file}");
        File.WriteAllText(file, before.Replace(parts[0], parts[1], StringComparison.Ordinal));
    }
}
