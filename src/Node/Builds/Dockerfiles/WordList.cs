using System.Text;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Collects characters into words: some cut at blanks, some (quoted or escaped ones) do not.</summary>
internal sealed class WordList
{
    private readonly List<string> _words = [];
    private readonly StringBuilder _word = new();

    public void Add(char c) => _word.Append(c);

    public void Add(string text) => _word.Append(text);

    public void AddCutting(char c)
    {
        if (char.IsWhiteSpace(c)) Cut();
        else _word.Append(c);
    }

    public void AddCutting(string text)
    {
        foreach (var c in text) AddCutting(c);
    }

    public List<string> Finish()
    {
        Cut();
        return _words;
    }

    private void Cut()
    {
        if (_word.Length == 0) return;
        _words.Add(_word.ToString());
        _word.Clear();
    }
}
