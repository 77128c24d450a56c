namespace Yun.Commands.Format.Templates;

internal enum TokenKind { Text, Open, Close, Word, Field, Variable, String, Number, Bool, Nil, Dot, Pipe, LeftParen, RightParen, Assign, Declare, Comma, End }

internal readonly record struct Token(TokenKind Kind, string Text);
