namespace Yun.Linux.Nftables;

/// <summary>One element of a set, or of a map when it has data.</summary>
public sealed record NftablesElement(string Set, NftablesFields Key, NftablesFields? Data = null)
{
    /// <summary>Tells elements apart: one set has one element of a key.</summary>
    public string Identity => $"{Set} {Key}";

    /// <summary>As nft(8) writes it between braces.</summary>
    public override string ToString() => Data is null ? Key.ToString() : $"{Key} : {Data}";
}
