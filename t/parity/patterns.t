#!/usr/bin/perl
# Patterns made by chance, judged by Perl and by Postern: both take or refuse
# the same ones, and match the same texts, with the prefilter and without.
# POSTERN_PATTERNS=COUNT tries more, POSTERN_SEED=N others.
use strict;
use warnings;
use File::Temp ();
use Test::More;

my $postern = ($ENV{builddir} // '.') . '/postern';
my $count = $ENV{POSTERN_PATTERNS} // 1200;
my $seed = $ENV{POSTERN_SEED} // 1;

plan skip_all => 'postern is not built' unless -x $postern;
# What Perl takes has changed with its versions; ours is the one of Debian 12.
plan skip_all => "perl $] judges otherwise" if $] < 5.034 || $] >= 5.038;

srand($seed);
sub any { return $_[rand @_] }

my @word = qw(a b o foo bar x 1 42 - _ % ! < > = ~ e E);
my @atom = (@word, @word, '.', '.', "\xe9", "\xc9", '\d', '\w', '\s', '\S',
    '\W', '\b', '\B', '^', '$', '\x41', '\xe9', '\x{e9}', '\x{100}', '\101',
    '\400', '\h', '\R', '\N', '\/', '\.', '\q{2}', '\N{U+41}', '\p{L}',
    '\p{Lu}', '\P{Ll}', '\p{IsPunct}', '\p{Greek}', '[ab]', '[^a]', '[a-f\d]',
    '[[:alpha:]_]', '[[:^digit:]]', '[]x]', '[^\x{100}b]', '[\xe0-\xff]',
    '[\w-]', '\A', '\z', '\Z', '\1', '{', '}', ']');
my @count = ('*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{,2}', '{0,}',
    '*+', '++', '{1,2}+', '{03}', '{ 1, 2 }', '{2}?', '{3,1}', '{');
my @open = ('(', '(?:', '(?:', '(?i:', '(?=', '(?!', '(?<=', '(?<!', '(?>',
    '(?<n>', '(?|', '(?s:', '(?m:', '(?x: ', '(?-i:', '(?^:', '(?aa:');

sub piece {
	my ($depth) = @_;
	my $p = $depth > 0 && rand() < .3
	    ? any(@open) . choice($depth - 1) . ')' : any(@atom);
	return rand() < .3 ? $p . any(@count) : $p;
}

sub choice {
	my ($depth) = @_;
	return join '|', map {
		join '', map { piece($depth) } 1 .. 1 + rand 4
	} 1 .. (rand() < .2 ? 2 : 1);
}

# The pattern as SpamAssassin compiles it; a warning is a refusal.
sub compile {
	my ($body, $flags) = @_;
	my $text = length $flags ? "(?$flags)$body" : $body;
	my $warned = 0;
	local $SIG{__WARN__} = sub { $warned = 1 if $_[0] !~ /deprecated/ };
	my $re = eval { use re '/aa'; qr/$text/ };
	return $warned ? undef : $re;
}

sub text {
	my @part = (@word, ' ', ' ', 'A', 'F', 'fOo', "\xe9", "\xc9", "\xc3\xa9",
	    'foobar', '.', "\xa0", '[', '{2');
	my $s = join '', map { any(@part) } 1 .. 1 + rand 20;
	$s =~ s/^\s+|\s+$//g;
	return length $s ? $s : 'a';
}

my $dir = File::Temp->newdir;
my (%re, %line);
my @text = map { text() } 1 .. 25;
for my $n (1 .. $count) {
	my ($body, $flags) = (choice(2), any('', '', 'i', 'm', 's', 'x', 'is'));
	$re{"P$n"} = compile($body, $flags);
	$line{"P$n"} = "/$body/$flags";
}

sub spew {
	my ($name, $text) = @_;
	open my $fh, '>:raw', "$dir/$name" or die "$dir/$name: $!";
	print $fh $text;
	close $fh or die $!;
	return "$dir/$name";
}

# Its complaints are in what lint prints; on stderr they are of no interest.
sub run {
	open my $saved, '>&', \*STDERR or die $!;
	open STDERR, '>', '/dev/null' or die $!;
	open my $fh, '-|', $postern, @_ or die "$postern: $!";
	binmode $fh;
	my @out = <$fh>;
	close $fh;
	open STDERR, '>&', $saved or die $!;
	return @out;
}

my @plain = ('-c', '/dev/null', '--plugins', 'core', '--rules');
my $rules = spew('rules.cf',
    join '', map { "rawbody $_ $line{$_}\n" } sort keys %line);
my %taken = map { /"name":"(P\d+)"/ ? ($1 => 1) : () }
    run('rules', '--json', @plain, $rules);

my @odd = grep { !!$re{$_} != !!$taken{$_} } sort keys %line;
my $both = grep { $re{$_} && $taken{$_} } keys %line;
cmp_ok($both, '>', $count / 10, "$both patterns are taken by both");
# What doc/rules.md declares: some lookbehinds, and counts of what is always
# empty, which Perl warns of only where it happens to look.
my @name = sort keys %line;
my %declared = map {
	/:(\d+):\d+: error: (?:what the quantifier|this lookbehind)/
	    ? ($name[$1 - 1] => 1) : ()
} run('lint', @plain, $rules);
@odd = grep { !$declared{$_} } @odd;
is(scalar(@odd), 0, 'both take and refuse the same')
    or diag(map { ($re{$_} ? 'Perl' : 'Postern') . " takes $line{$_}\n" } @odd);

# As `test` lines: what Perl says of each text is what lint is to find.
my $tests = '';
for my $name (grep { $re{$_} && $taken{$_} } sort keys %line) {
	$tests .= "rawbody $name $line{$name}\n";
	$tests .= "test $name " . ("$_\n" =~ $re{$name} ? 'ok' : 'fail') . " $_\n"
	    for @text;
}
my @failed = grep { /test failed|line has/ }
    run('lint', @plain, spew('tests.cf', $tests));
is(scalar(@failed), 0, 'texts match as in Perl') or diag(@failed[0 .. 9]);

my @mail = map {
	spew("$_.eml", "Subject: x\nContent-Type: text/plain\n\n" .
	    join "\n", @text[$_ * 5 .. $_ * 5 + 4], '')
} 0 .. 4;
my @with = run('check', '--json', @plain, $rules, @mail);
my @without = run('check', '--json', '--no-prefilter', @plain, $rules, @mail);
cmp_ok(scalar(grep { /"hits":\["P/ } @with), '>', 0, 'something hits');
is_deeply(\@with, \@without, 'the prefilter changes nothing');
done_testing();
