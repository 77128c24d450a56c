namespace Yun.Tests.EndToEnd;

/// <summary>The manual page, as man(1) sees it.</summary>
public sealed class ManualTests
{
    [Fact]
    public async Task It_is_a_page_without_a_fault_and_has_every_command_with_its_options()
    {
        const string groff = "/usr/bin/groff";
        if (!File.Exists(groff)) Assert.Skip("this machine has no groff");
        var page = (await new Command(TestTools.Yun, "__manual").RunAsync()).Succeeded().Output;
        var result = (await new Command(groff, "-ww", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=200n") { Input = page }.RunAsync()).Succeeded();
        Assert.Empty(result.Error);
        foreach (var words in new[] { "yun container run, yun run", "yun machine kernel install", "-e, --env list", "yun run [OPTIONS] IMAGE [COMMAND] [ARG...]", "-H, --host list", "EXIT STATUS" })
            Assert.Contains(words, result.Output);
    }
}
