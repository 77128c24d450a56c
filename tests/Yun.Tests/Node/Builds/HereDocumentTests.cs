using Yun.Node.Builds.Dockerfiles;

namespace Yun.Tests.Node.Builds;

public sealed class HereDocumentTests
{
    private static IReadOnlyList<HereDocument> Of(string instruction) => ((RunInstruction)Dockerfile.Parse("FROM x\n" + instruction).Stages[0].Instructions[0]).Documents;

    [Theory]
    [InlineData("<<EOF", "EOF", true, false)]
    [InlineData("<<-EOF", "EOF", true, true)]
    [InlineData("<<'EOF'", "EOF", false, false)]
    [InlineData("<<-\"EOF\"", "EOF", false, true)]
    [InlineData("3<<EOF", "EOF", true, false)]
    [InlineData("<<eo'f'", "eof", false, false)]
    [InlineData("<<eo\\'f", "eo'f", true, false)]
    [InlineData("<<$EOF", "$EOF", true, false)]
    [InlineData("<<file.txt", "file.txt", true, false)]
    public void A_word_announces_a_document(string word, string name, bool expand, bool stripTabs)
    {
        var document = HereDocument.FromWord(word);
        Assert.Equal(new HereDocument(name, expand, stripTabs), document);
    }

    [Theory]
    [InlineData("EOF")]
    [InlineData("<<")]
    [InlineData("<<-")]
    [InlineData("<EOF")]
    [InlineData("<<<EOF")]
    [InlineData("<<'EOF")]
    public void Other_words_do_not(string word) => Assert.Null(HereDocument.FromWord(word));

    [Fact]
    public void The_text_is_taken_as_it_stands()
    {
        var document = Assert.Single(Of("RUN <<EOF\n# not a comment\n\techo \\\n  $x\nEOF\n"));
        Assert.Equal("# not a comment\n\techo \\\n  $x\n", document.Content);
    }

    [Fact]
    public void Tabs_are_stripped_from_text_and_terminator()
    {
        var document = Assert.Single(Of("RUN <<-EOF\n\t\ta\n\tb\tc\n\tEOF\n"));
        Assert.Equal("a\nb\tc\n", document.Body);
    }

    [Fact]
    public void Several_documents_follow_one_another()
    {
        var documents = Of("RUN cat <<A - <<'B' > /f\nB\nA\n$x\nB\n");
        Assert.Equal([("A", "B\n", true), ("B", "$x\n", false)], documents.Select(d => (d.Name, d.Content, d.Expand)));
    }

    [Theory]
    [InlineData("RUN echo \"<<EOF\"")]
    [InlineData("RUN echo '<<EOF'")]
    [InlineData("RUN [\"<<EOF\"]")]
    [InlineData("RUN echo $((1<<2)) $((1 << 2 ))")]
    [InlineData("RUN cat <<<word")]
    public void Quotes_lists_and_arithmetic_announce_nothing(string instruction) => Assert.Empty(Of(instruction));

    [Fact]
    public void Copy_takes_documents_as_sources()
    {
        var copy = (CopyInstruction)Dockerfile.Parse("FROM x\nCOPY <<one.txt a <<two.txt /d/\n1\none.txt\n2\ntwo.txt\n").Stages[0].Instructions[0];
        Assert.Equal(["a"], copy.Sources);
        Assert.Equal([("one.txt", "1\n"), ("two.txt", "2\n")], copy.Documents.Select(d => (d.Name, d.Content)));
        Assert.Equal("/d/", copy.Destination);
    }
}
