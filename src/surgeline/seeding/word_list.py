"""Words that texts are made of. Data alone: what is drawn from it is part of the version of all values.

The order counts, and so does the number. No word is longer than nine letters: short texts rely on it.
"""

_TEXT = """
    a able about above account across action active add address advice after again agent air all almost alone
    along already also always amount and another answer any apple area around arrive ask at autumn away back
    balance bank basket be beach because become bed before begin behind believe below best better between
    beyond big bird birthday black blue board boat body book both bottle box branch bread break bridge bright
    bring brother brown build bus business but buy by call calm camera can card care carry case cause center
    chair chance change charge check child choice city class clear clock close cloud coast coffee cold color
    come common company corner cost could count country course cover create credit cross current customer cut
    dance dark date day decide deep deliver delivery desk detail dinner discount do doctor door down draw
    dream drive dry during each early earth east easy eat edge effect egg eight either email empty end engine
    enjoy enough enter error even evening event ever every example expect eye face fact fair fall family far
    farm fast father feel few field fill final find fine fire first fish five floor flower fly follow food
    foot for forest form forward four free fresh friend from front fruit full game garden general get gift
    give glass go gold good grass great green ground group grow guest guide half hand happen happy harbor hard
    have head hear heart heavy help her here high hill his hold home hope horse hot hotel hour house how
    hundred idea if image improve in include inside instead into invoice iron island issue it item job join
    journey just keep key kind kitchen know lake land language large last late later lead leaf learn leave
    left less letter level library life light like limit line list listen little live local long look lose lot
    low lunch main make manager many map mark market matter may mean measure meet member message meter middle
    might mile milk mind minute mirror miss modern moment money month moon more morning most mother mountain
    move much music must name narrow nature near need never new news next nice night nine no none noon north
    nothing notice now number object ocean of off offer office often oil old on once one only open or orange
    order other our out outside over own package page paint paper parcel park part pass past path pay payment
    pencil people perhaps phone picture piece place plain plan plant plate play please point poor postcard
    power present press price problem product project promise public pull push put question quick quiet quite
    rain reach read ready real reason receive record red refund remain remember report request rest result
    return rich ride right ring rise river road rock room round route row rule run safe same sand save say
    school screen sea season seat second see seem sell send sentence service set seven several shade shape
    share ship shipping shirt shop short should show side sign silver simple since sister sit six size sky
    sleep slow small smile snow so soft some song soon sort sound south space speak special spend spring
    square stage stand star start state station stay step still stone stop store storm story street strong
    student summer sun supply support sure surface table take talk tall tea teacher team tell ten test than
    thank that the their then there these they thing think this those thousand three through ticket tide time
    to today together tomorrow too top total touch toward town track train travel tree trip true try turn two
    under until up update use usual value very view village visit voice wait walk wall want warm wash watch
    water wave way weather week welcome well west what wheel when where which while white who whole why wide
    wild will wind window winter wish with within without woman wonder wood word work world worth would write
    year yellow yes yesterday yet you young your
"""

WORDS: tuple[str, ...] = tuple(_TEXT.split())
